#include "tests/cli/process_testing.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace processes {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string scenario(const std::string& cluster, const std::string& steps,
                     const std::string& more) {
  return R"({"version": 1, "name": "made-up", "duration": "20s", "cluster": {)" + cluster +
         (cluster.find("\"nodes\"") == std::string::npos
              ? R"(, "nodes": {"kind": "process", "program": "redis-server"})"
              : "") +
         R"(}, "timeline": [)" + steps + "]" + (more.empty() ? "" : ", " + more) + "}\n";
}

void ProcessRun::SetUp() {
  std::string pattern = (fs::temp_directory_path() / "slotsim processes XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  scratch_ = pattern;
  if (shell("command -v redis-server redis-cli redis-benchmark").code != 0)
    GTEST_SKIP() << "no redis-server, redis-cli and redis-benchmark are installed";
  if (shell("unshare --mount --pid --fork true || unshare --user --mount --pid --fork true").code !=
      0) {
    GTEST_SKIP() << "the kernel allows no namespaces for real programs";
  }
}

void ProcessRun::TearDown() {
  fs::remove_all(scratch_);
}

Outcome ProcessRun::shell(const std::string& command) {
  const std::string whole =
      "exec </dev/null; cd '" + scratch_.string() + "' && { " + command + "; } >.out 2>.err";
  const int status = std::system(whole.c_str());
  return {WEXITSTATUS(status), contents(scratch_ / ".out"), contents(scratch_ / ".err")};
}

Outcome ProcessRun::run(const std::string& text, const std::string& options) {
  write("x.json", text);
  return shell("'" SLOTSIM_BINARY "' run x.json --seed 1 " + options);
}

void ProcessRun::write(const std::string& name, const std::string& text) {
  std::ofstream(scratch_ / name, std::ios::binary) << text;
}

void ProcessRun::only_with(const std::string& cluster, const std::string& steps,
                           const std::string& fault, const std::string& more) {
  const Outcome with = run(scenario(cluster, steps + ", " + fault, more));
  EXPECT_EQ(with.code, 0) << with.all();
  const Outcome without = run(scenario(cluster, steps, more));
  EXPECT_EQ(without.code, 1) << "without " << fault << "\n" << without.all();
}

}  // namespace processes
