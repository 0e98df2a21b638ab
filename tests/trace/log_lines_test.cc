#include "sim/trace/log_lines.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

bool told(event::LogLevel level, const char* text) {
  return is_worth_telling(event::LogLine{level, text});
}

TEST(LogLines, WarningsAreToldButForWhatEveryStartSays) {
  EXPECT_TRUE(told(event::LogLevel::kWarning, "Cluster state changed: fail"));
  EXPECT_TRUE(told(event::LogLevel::kWarning, "Connection with master lost."));
  EXPECT_FALSE(told(event::LogLevel::kWarning, "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo"));
  EXPECT_FALSE(told(event::LogLevel::kWarning, "Server initialized"));
}

TEST(LogLines, NoticesAreToldOfRolesAlone) {
  EXPECT_TRUE(told(event::LogLevel::kNotice, "Cluster state changed: ok"));
  EXPECT_FALSE(told(event::LogLevel::kNotice, "Ready to accept connections"));
}

TEST(LogLines, ACrashReportIsToldByItsFirstWords) {
  EXPECT_TRUE(told(event::LogLevel::kWarning, "Redis 7.0.15 crashed by signal: 11, si_code: 1"));
  EXPECT_TRUE(
      told(event::LogLevel::kWarning, "==> cluster.c:4638 'myself->numslots == 0' is not true"));
  for (const char* small_print :
       {"=== ASSERTION FAILED ===", "Accessing address: 0x84c",
        "Crashed running the instruction at: 0x5555556369d3", "",
        "(00007fffffff581f) -> 0000000000000000", "Bio thread for job type #0 terminated",
        "dump of function (hexdump of 403 bytes):"}) {
    EXPECT_FALSE(told(event::LogLevel::kWarning, small_print)) << small_print;
  }
}

}  // namespace
}  // namespace sim
