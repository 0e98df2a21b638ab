// A real program behind the seam, stepped by hand.
#include "sim/hosts/process/server_process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/choices.h"
#include "sim/hosts/process/sandbox.h"

namespace sim {
namespace {

constexpr int kAsExpected = 0, kWrong = 1;

// What `work` answers in a sandbox, which a process enters once and leaves by ending; nullopt where
// the kernel does not allow one.
std::optional<int> in_sandbox(int (*work)()) {
  constexpr int kNoSandbox = 77;
  const pid_t child = fork();
  if (child == 0) _exit(process::enter_sandbox().empty() ? work() : kNoSandbox);
  int status = 0;
  waitpid(child, &status, 0);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return code == kNoSandbox ? std::nullopt : std::optional(code);
}

class Stepped {
 public:
  explicit Stepped(std::shared_ptr<const ProgramSetup> setup) : node_(std::move(setup)) {
    step(Booted{1, std::make_shared<const DiskImage>(), Endpoint{0x0a000001, 6379}});
  }

  // What it does at its time.
  Effects step(Input input) {
    Effects effects;
    Choices choices(stream_);
    node_.step({kWallStart + now_.time_since_epoch(), now_}, {&input, 1}, choices, effects);
    return effects;
  }
  void wait_until_due() { now_ = node_.deadline().value(); }
  MonotonicTime now() const { return now_; }
  std::optional<MonotonicTime> deadline() const { return node_.deadline(); }

 private:
  ServerProcess node_;
  MonotonicTime now_{};
  ChoiceStream stream_{1, "stepped"};
};

int probe_a_program_whose_time_has_come() {
  ProgramSetup setup;
  setup.arguments = {"/bin/sh", "-c", "sleep 5; echo awake"};
  setup.is_server = true;
  setup.fork_cost = kUsualForkCost;
  setup.exec_cost = kUsualExecCost;
  Stepped program(std::make_shared<const ProgramSetup>(std::move(setup)));
  for (int i = 0; i < 100 && program.now() < MonotonicTime{5s}; ++i) {
    program.wait_until_due();
    if (program.now() < MonotonicTime{5s}) program.step(DeadlinePassed{});
  }
  const MonotonicTime due = program.now();
  if (due < MonotonicTime{5s}) return kWrong;
  if (!program.step(Probed{true}).empty()) return kWrong;
  if (program.deadline() != due) return kWrong;  // its turn is still to come
  return program.step(DeadlinePassed{}).empty() ? kWrong : kAsExpected;
}

TEST(ServerProcess, AProbeLeavesWhatIsDueToItsOwnTurn) {
  const std::optional<int> code = in_sandbox(probe_a_program_whose_time_has_come);
  if (!code) GTEST_SKIP() << "the kernel allows no sandbox here";
  EXPECT_EQ(*code, kAsExpected);
}

}  // namespace
}  // namespace sim
