// A run: the plan carried out in a world, judged as it goes.
//
// A run is a value as its world is: copied at any moment, both copies finish equal. Time is told
// from the moment the cluster has formed (t = 0); what happens before has negative times.
//
//   forming -> faults (timeline, nemesis, workloads) -> settling (everything mended; views must
//   agree) -> audit -> done
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/app/judge.h"
#include "sim/app/last_records.h"
#include "sim/app/operations.h"
#include "sim/app/plan.h"
#include "sim/app/result.h"
#include "sim/world/world.h"

namespace sim {

class Run {
 public:
  explicit Run(std::shared_ptr<const Plan> plan);
  Run(const Run& other);
  Run& operator=(const Run&) = delete;

  // Carries out one event or one action of the plan. False when the run is over.
  bool advance() { return advance(SimTime::max(), 1); }
  // The same, and perhaps some more events that come before `limit` (since t = 0; ignored before
  // forming is done): cheaper where nobody looks between them.
  bool advance(SimTime limit, std::uint64_t most = 1024);
  bool over() const { return phase_ == event::Phase::kDone || !cut_short_.empty(); }
  SimTime now() const {
    return told(world_.now());
  }  // since t = 0; before forming is done, since boot
  bool formed() const { return formed_; }
  Duration origin() const { return origin_; }  // the world's time at t = 0, once it has formed
  // Ends the run here: "interrupted", "stopped at 12s (--until)".
  void cut_short(std::string why);
  // Everybody says what they believe; with `full`, of each of their peers too, for pictures.
  void probe_everybody(bool full = true);

  // Every record from now on, with times told from t = 0; not copied with the run.
  void set_sink(std::function<void(const Record&)> sink) { sink_ = std::move(sink); }
  // Precondition: over.
  RunResult result();

  World& world() { return world_; }
  const Plan& plan() const { return *plan_; }
  const Judge& judge() const { return judge_; }
  // When a step fired; nullopt: it did not.
  std::optional<SimTime> fired(const std::string& step) const;
  // One line for a CHECK or a livelock: scenario, seed, time, last records.
  std::string whereabouts() const;

 private:
  struct Action {
    enum class Kind : std::uint8_t {
      kFormingPoll,
      kStep,
      kAct,
      kEndFault,
      kNemesis,
      kHeal,
      kSettlePoll,
      kAuditPoll,
      kReplyDeadline,
      kAskAgain,
      kProgramDeadline,
      kOperation,
      kOperationDeadline
    } kind{};
    std::uint32_t index = 0;  // step (of operations too), active fault, question or ticket
  };
  struct ActiveFault {
    std::uint32_t id = 0;
    std::string step;  // id of its step, "" for the nemesis'
    std::string kind;
    std::unique_ptr<Fault> fault;
    bool ended = false, forever = false, of_nemesis = false;
  };
  struct Answer {
    MachineId machine;
    std::optional<std::string> reply;
  };
  // A scripted command on its way.
  struct Question {
    std::uint32_t step_number = 0;
    const CommandStep* command = nullptr;  // of the plan
    ReplyExpectation expect;               // what was meant when it was asked
    SimTime deadline;
    SimTime again{};                 // not asked before
    std::uint32_t first_ticket = 0;  // of the last time it was asked
    std::vector<Answer> answers;     // likewise
    std::size_t missing = 0;         // of these
    // Each answer is judged, and told, by itself.
    bool one_by_one() const;
  };
  struct PendingProgram {
    std::uint32_t step_number = 0;
    ProgramStep program;
  };
  class Stage;

  const ChoicePolicy* world_choice_policy() const { return plan_->world.choice_policy.get(); }
  SimTime told(SimTime raw) const { return raw - origin_; }
  SimTime raw(Duration since_formed) const { return sim_time(origin_ + since_formed); }
  void schedule(SimTime raw, Action action) { actions_.emplace(raw, action); }
  void carry_out(const Action& action);
  void drain();
  void take(Record record);
  void tell(const Record& record);  // to the judge and the sink
  void watch_triggers(const Record& record);
  void happened(MachineId about, const std::function<bool(const EventPattern&)>& is_it);

  // run_forming.cc: until everybody is ok and every replica is in sync.
  void forming_poll();
  void meet_step();
  bool is_formed() const;
  std::string unformed() const;
  void begin_faults();

  // run_steps.cc: timeline and nemesis.
  void step_due(std::uint32_t index);
  void follow(const std::string& id);  // steps that come after this one
  void fire(std::uint32_t index);
  void step_done(std::uint32_t index);
  void tell_missed_turns();
  void begin_fault(std::unique_ptr<Fault> fault, std::string_view kind, const std::string& step,
                   const Lifetime& lifetime, bool of_nemesis);
  void act(std::uint32_t index);
  void end_fault(std::uint32_t index);
  void tell_end(const ActiveFault& active);
  void nemesis_due();
  void schedule_nemesis();

  // run_commands.cc: scripted commands.
  void ask(const CommandStep& command, std::uint32_t number);
  void ask_once(std::uint32_t id);
  void ask_again(std::uint32_t id, Duration later);
  std::string resolved(std::string word, Choices& choices) const;
  std::string address_of(MachineId machine) const;
  void replies();
  void all_answered(std::uint32_t id);
  void reply_deadline(std::uint32_t id);
  void close(std::uint32_t id);
  bool meets(const Question& question, const Answer& answer) const;
  bool meet_together(const Question& question) const;
  bool as_expected(const Question& question) const;
  void tell_answer(const Question& question, const Answer& answer, bool together);
  void tell_reply(const Question& question, MachineId node, std::string reply, bool met);

  // run_programs.cc: what runs beside the cluster.
  void start_programs();
  void run_program(const ProgramStep& program, std::uint32_t number);
  void program_results();
  void program_deadline(std::uint32_t ticket);
  void tell_unended();
  void tell_program(std::uint32_t number, const std::string& machine,
                    const std::vector<std::string>& words, const ProgramExpectation& expect,
                    std::optional<int> code, std::string output);

  // run_operations.cc: what an operator does to the whole cluster.
  const OperationStep& operation_of(const ActiveOperation& active) const;
  ActiveOperation* find_operation_of(std::uint32_t index);
  void begin_operation(std::uint32_t index);
  void remember_subject(ActiveOperation& active) const;
  void operation_goes_on(std::uint32_t index);
  std::optional<Duration> carry_out(OperationPart part, ActiveOperation& active);
  void type_program(OperationPart part, ActiveOperation& active);
  void hand_over(ActiveOperation& active);
  bool leads_shard(MachineId machine, const ActiveOperation& active) const;
  bool all_know(MachineId newcomer);
  bool operation_program_ended(const ProgramResult& result);
  void operation_deadline(std::uint32_t index);
  void stop_operation(std::uint32_t index, std::string why);
  void end_operation(std::uint32_t index, bool done, std::string why);
  void stop_operations();

  // run_settling.cc: healing, convergence, audit.
  void heal();
  void settle_poll();
  bool views_agree();
  void begin_audit();
  void audit_poll();
  void finish();

  // run_core.cc: healing a part of the cluster only.
  bool is_held_forever(MachineId machine) const;
  std::vector<MachineId> choose_core();
  void leave_out_all_but(const std::vector<MachineId>& core);
  void heal_core(const std::vector<MachineId>& core);
  bool is_left_out(MachineId machine) const;
  void tell_core_end();

  std::shared_ptr<const Plan> plan_;
  World world_;
  Directory directory_;  // from boot on: selectors and forming ask it
  Judge judge_;          // sees the records of the forming once their times can be told
  Duration origin_{};    // the world's time at t = 0
  bool formed_ = false, start_delayed_ = false;
  event::Phase phase_ = event::Phase::kForming;
  std::string cut_short_;
  std::multimap<SimTime, Action> actions_;
  std::vector<Record> forming_records_;   // until their times can be told
  std::map<std::string, SimTime> fired_;  // step id -> raw time
  std::vector<std::uint32_t> matches_;    // by step: how often its `when` has happened
  std::vector<bool> triggered_;           // by step
  std::vector<ActiveFault> faults_;
  ChoiceStream fault_choices_, nemesis_choices_;
  std::vector<std::string> nemesis_kinds_;
  std::map<std::uint32_t, Question> questions_;  // by their ids
  std::map<std::uint32_t, std::pair<std::uint32_t, std::size_t>>
      tickets_;  // of the console -> question, which of its answers
  std::uint32_t next_question_ = 1;
  RememberedReplies remembered_;
  std::map<std::uint32_t, PendingProgram> pending_programs_;  // by ticket
  std::vector<ActiveOperation> operations_;
  std::vector<bool> programs_ended_;  // of the scenario's machines: in their present incarnation
  std::uint32_t next_fault_id_ = 1;
  int meet_stage_ = 0;
  std::uint64_t in_flight_ = 0;  // client operations
  std::uint32_t audits_done_ = 0;
  SimTime settle_deadline_{}, quiet_until_{}, audit_deadline_{};
  bool converged_ = false;
  std::vector<MachineId> left_out_;  // of the healing, if that is for a core only
  std::uint32_t core_fault_ = 0;     // its number as a fault, and what cuts them off
  LeverId core_cut_;
  std::map<MachineId, event::ViewSnapshot> views_;  // the last probe of each
  std::vector<std::uint32_t>
      replication_up_;        // by machine: incarnation + 1 in which its link came up
  LastRecords last_records_;  // for whereabouts
  std::function<void(const Record&)> sink_;
};

}  // namespace sim
