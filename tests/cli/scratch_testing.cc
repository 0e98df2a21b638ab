#include "tests/cli/scratch_testing.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "tests/read_file.h"

namespace sim {

namespace fs = std::filesystem;

std::string last_line(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

std::string quiet(const std::string& name, const std::string& more) {
  return R"({"version": 1, "name": ")" + name + R"(", "duration": "3s",
             "workload": [{"type": "register", "clients": 1, "keys": 20, "rate": 20}])" +
         (more.empty() ? "" : ",\n" + more) + "}\n";
}

void ScratchTest::SetUp() {
  std::string pattern = (fs::temp_directory_path() / "slotsim of a test XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  scratch_ = pattern;
}

void ScratchTest::TearDown() {
  fs::remove_all(scratch_);
}

Outcome ScratchTest::shell(const std::string& command) {
  const std::string whole =
      "exec </dev/null; cd '" + scratch_.string() + "' && { " + command + "; } >.out 2>.err";
  const int status = std::system(whole.c_str());
  return {WEXITSTATUS(status), file(".out"), file(".err")};
}

Outcome ScratchTest::slotsim(const std::string& arguments) {
  return shell("'" SLOTSIM_BINARY "' " + arguments);
}

void ScratchTest::write(const std::string& name, const std::string& text) {
  fs::create_directories((scratch_ / name).parent_path());
  std::ofstream(scratch_ / name, std::ios::binary) << text;
}

std::string ScratchTest::file(const std::string& name) const {
  return read(scratch_ / name);
}

}  // namespace sim
