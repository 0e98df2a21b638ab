// Programs that run beside the cluster: those of steps, and those that machines are there for.
#include <algorithm>

#include "sim/app/run.h"
#include "sim/base/check.h"

namespace sim {

void Run::start_programs() {
  for (const MachineId machine : plan_->programs) world_.levers().start(machine, {});
}

void Run::run_program(const ProgramStep& program, std::uint32_t number) {
  const std::optional<MachineId> machine = directory_.find(program.machine);
  CHECK(machine.has_value());  // loading has looked for it
  Levers& levers = world_.levers();
  // Machines of steps alone are there for nothing else. Of others, one that is down runs nothing.
  const auto& programs = plan_->programs;
  const bool own = plan_->facts.cast[machine->value].kind == MachineKind::kProgram &&
                   std::find(programs.begin(), programs.end(), *machine) == programs.end();
  if (own && !levers.is_up(*machine)) levers.start(*machine, {});
  const std::uint32_t ticket = levers.run_program(*machine, program.words);
  pending_programs_[ticket] = {number, program};
  schedule(world_.now() + program.within, {Action::Kind::kProgramDeadline, ticket});
}

void Run::program_results() {
  for (ProgramResult& result : world_.take_program_results()) {
    if (operation_program_ended(result)) continue;
    if (const auto found = pending_programs_.find(result.ticket);
        found != pending_programs_.end()) {
      const PendingProgram pending = found->second;
      pending_programs_.erase(found);
      tell_program(pending.step_number, pending.program.machine, pending.program.words,
                   pending.program.expect, result.exit_code, std::move(result.output));
      continue;
    }
    const auto at = std::find(plan_->programs.begin(), plan_->programs.end(), result.machine);
    if (result.ticket != 0 || at == plan_->programs.end()) continue;  // told when it was late
    const auto index = static_cast<std::size_t>(at - plan_->programs.begin());
    const ExecMachine& machine = plan_->scenario.machines[index];
    programs_ended_[index] = true;
    tell_program(0, machine.name, machine.words, machine.expect, result.exit_code,
                 std::move(result.output));
  }
}

void Run::program_deadline(std::uint32_t ticket) {
  const auto found = pending_programs_.find(ticket);
  if (found == pending_programs_.end()) return;
  const PendingProgram pending = found->second;
  pending_programs_.erase(found);
  tell_program(pending.step_number, pending.program.machine, pending.program.words,
               pending.program.expect, {}, "");
}

// At the end of the run: those that were to end and did not, and those that were not to.
void Run::tell_unended() {
  while (!pending_programs_.empty()) program_deadline(pending_programs_.begin()->first);
  for (std::size_t i = 0; i < plan_->programs.size(); ++i) {
    const ExecMachine& machine = plan_->scenario.machines[i];
    if (!programs_ended_[i]) tell_program(0, machine.name, machine.words, machine.expect, {}, "");
  }
}

void Run::tell_program(std::uint32_t number, const std::string& machine,
                       const std::vector<std::string>& words, const ProgramExpectation& expect,
                       std::optional<int> code, std::string output) {
  const bool met = expect.met_by(code, output);
  world_.note(event::ProgramRan{number, machine, command_text(words), code.has_value(),
                                code.value_or(0), std::move(output), met, expect.text()});
  if (met && number > 0) step_done(number - 1);
}

}  // namespace sim
