// Scripted commands: asked, perhaps again and again, and what is answered.
#include <algorithm>

#include "sim/app/casting.h"
#include "sim/app/run.h"
#include "sim/base/check.h"

namespace sim {
namespace {
// An answer that is waited for longer is not waited for, if the command is to be asked again
// anyway.
constexpr Duration kPatience = 1s;
}  // namespace

void Run::ask(const CommandStep& command, std::uint32_t number) {
  const std::uint32_t id = next_question_++;
  Question& question = questions_[id];
  question.step_number = number;
  question.command = &command;
  question.deadline = world_.now() + command.within;
  schedule(question.deadline, {Action::Kind::kReplyDeadline, id});
  ask_once(id);
}

void Run::ask_once(std::uint32_t id) {
  const auto found = questions_.find(id);
  if (found == questions_.end()) return;  // out of time meanwhile
  Question& question = found->second;
  if (world_.now() < question.again) return;  // answered since, and to be asked later
  const CommandStep& command = *question.command;
  Choices choices(fault_choices_, world_choice_policy());
  question.expect = command.expect;
  question.expect.each_text([&](std::string& text) { text = resolved(std::move(text), choices); });
  question.answers.clear();
  question.missing = 0;
  const std::vector<MachineId> targets = sim::resolve(command.node, directory_, choices);
  for (const MachineId target : targets) {
    std::vector<std::string> words = command.words;
    for (std::string& word : words) word = resolved(std::move(word), choices);
    const std::uint32_t ticket = world_.levers().console(target, std::move(words));
    if (question.answers.empty()) question.first_ticket = ticket;
    tickets_[ticket] = {id, question.answers.size()};
    question.answers.push_back({target, std::nullopt});
    ++question.missing;
  }
  if (targets.empty()) return all_answered(id);
  // Who does not answer does not keep others from being meant the next time.
  if (command.every > Duration{}) ask_again(id, std::max(command.every, kPatience));
}

void Run::ask_again(std::uint32_t id, Duration later) {
  Question& question = questions_.at(id);
  question.again = world_.now() + later;
  if (question.again < question.deadline) schedule(question.again, {Action::Kind::kAskAgain, id});
}

// "id-of:primary:shard-0" is that node's id by now; of somebody who never was up it stays as it is,
// and the server will say that it knows no such node.
std::string Run::resolved(std::string word, Choices& choices) const {
  const std::optional<NodeReference> reference = node_reference(word);
  if (!reference) return word;
  SelectorMistake mistake;
  const std::optional<Selector> selector =
      parse_selector(reference->selector, &plan_->scenario.known, mistake);
  CHECK(selector.has_value());  // loading has read it
  const std::vector<MachineId> meant = sim::resolve(*selector, directory_, choices);
  if (meant.empty()) return word;
  if (reference->what == NodeReference::What::kIp) return address_of(meant.front());
  const event::Claim* claim = directory_.claim(meant.front());
  return claim == nullptr ? word : std::string(claim->id.view());
}

std::string Run::address_of(MachineId machine) const {
  return is_server(plan_->facts.cast[machine.value].kind)
             ? format_ipv4(world_.endpoint(machine).ipv4)
             : "";
}

void Run::replies() {
  for (ConsoleReply& reply : world_.take_console_replies()) {
    const auto ticket = tickets_.find(reply.ticket);
    if (ticket == tickets_.end()) continue;
    const auto [id, answer] = ticket->second;
    tickets_.erase(ticket);
    const auto found = questions_.find(id);
    if (found == questions_.end()) continue;  // it came too late
    Question& question = found->second;
    if (question.first_ticket > reply.ticket) continue;  // it has been asked again since
    question.answers[answer].reply = std::move(reply.text);
    if (question.one_by_one()) tell_answer(question, question.answers[answer], true);
    if (--question.missing == 0) all_answered(id);
  }
}

void Run::all_answered(std::uint32_t id) {
  const Question& question = questions_.at(id);
  const Duration every = question.command->every;
  if (every > Duration{} && !as_expected(question)) return ask_again(id, every);
  close(id);
}

void Run::reply_deadline(std::uint32_t id) {
  if (questions_.count(id) > 0) close(id);
}

// Tells what has not been told, and whose turn it is now.
void Run::close(std::uint32_t id) {
  const auto found = questions_.find(id);
  const Question question = std::move(found->second);
  questions_.erase(found);
  const CommandStep& command = *question.command;
  if (question.answers.empty()) {
    tell_reply(question, kNoMachine, "nobody is " + to_text(command.node), !question.expect.any());
  }
  const bool together = meet_together(question);
  for (const Answer& answer : question.answers) {
    if (!question.one_by_one() || !answer.reply) tell_answer(question, answer, together);
  }
  if (!as_expected(question)) return;
  if (!command.remember.empty())
    remembered_[command.remember] =
        question.expect.part_of(*question.answers[0].reply).value_or("");
  if (question.step_number <= plan_->steps.size()) step_done(question.step_number - 1);
}

bool Run::Question::one_by_one() const {
  return command->every == Duration{} &&
         command->expect.together == ReplyExpectation::Together::kWhatever;
}

bool Run::meets(const Question& question, const Answer& answer) const {
  if (!question.expect.any()) return true;
  return answer.reply && question.expect.met_by(*answer.reply, remembered_);
}

bool Run::meet_together(const Question& question) const {
  std::vector<std::string> replies;
  for (const Answer& answer : question.answers) {
    if (answer.reply) replies.push_back(*answer.reply);
  }
  return question.expect.met_together(replies);
}

bool Run::as_expected(const Question& question) const {
  if (question.answers.empty()) return !question.expect.any();
  return meet_together(question) &&
         std::all_of(question.answers.begin(), question.answers.end(),
                     [&](const Answer& answer) { return answer.reply && meets(question, answer); });
}

void Run::tell_answer(const Question& question, const Answer& answer, bool together) {
  const bool met = meets(question, answer) && together;
  tell_reply(question, answer.machine, answer.reply.value_or("(no reply in time)"), met);
}

void Run::tell_reply(const Question& question, MachineId node, std::string reply, bool met) {
  std::string words;
  for (const std::string& word : question.command->words)
    words += (words.empty() ? "" : " ") + word;
  const std::string who = node == kNoMachine ? "" : std::string(directory_.name(node));
  world_.note(event::StepReply{question.step_number, who, std::move(words), std::move(reply), met,
                               question.expect.text()});
}

}  // namespace sim
