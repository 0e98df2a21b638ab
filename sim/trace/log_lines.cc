#include "sim/trace/log_lines.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sim {
namespace {

// Said at every start, and at a server's loudest: who it is, and advice about its machine.
constexpr std::array<std::string_view, 5> kOfEveryStart{
    "is starting", "version=", "Configuration loaded", "Server initialized", "WARNING"};

// What a crash report has below its first words, which say enough.
constexpr std::array<std::string_view, 6> kOfCrashReports{
    "=== ASSERTION FAILED", "Accessing address", "Crashed running the instruction", ") -> 0",
    "Bio thread for job",   "dump of function"};

// What Valkey calls a notice was a warning of redis 7.0.
constexpr std::array<std::string_view, 13> kTelling{"Marking node",
                                                    "FAIL message received",
                                                    "Clear FAIL state",
                                                    "Cluster state changed",
                                                    "Start of election delayed",
                                                    "Starting a failover election",
                                                    "Failover auth granted",
                                                    "Failover election won",
                                                    "Failover attempt expired",
                                                    "Manual failover",
                                                    "Configuration change detected",
                                                    "sync: Finished with success",
                                                    "Successful partial resynchronization"};

template <std::size_t N>
bool has_one_of(const std::array<std::string_view, N>& phrases, std::string_view text) {
  return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) {
    return text.find(phrase) != std::string_view::npos;
  });
}

}  // namespace

bool is_worth_telling(const event::LogLine& line) {
  if (line.level == event::LogLevel::kWarning) {
    return !line.text.empty() && !has_one_of(kOfEveryStart, line.text) &&
           !has_one_of(kOfCrashReports, line.text);
  }
  return line.level == event::LogLevel::kNotice && has_one_of(kTelling, line.text);
}

}  // namespace sim
