// Programs of the operating system that a scenario names: servers, tools that a step runs, and
// whole suites that a machine is there for.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/time.h"

namespace sim {

// What a server is: our own node, or a process that runs this program.
struct ServerProgram {
  bool process = false;
  std::string program;  // of a process: found on PATH, or a path; empty otherwise
  bool operator==(const ServerProgram&) const = default;
};

// What the machine of a process has: virtual time for its work, whose computing takes none by
// itself, and a disk.
struct ProcessModel {
  Duration fork_time = std::chrono::milliseconds{1};  // a fork's child takes at least so long
  Duration cpu_per_wakeup{};                          // each wake-up of the program costs so much
  std::uint64_t disk_bytes = 0;                       // its disk holds so much; 0: any
  bool operator==(const ProcessModel&) const = default;
};

// How a program must end; all given parts must hold.
struct ProgramExpectation {
  enum class End : std::uint8_t {
    kCode,   // by itself, with `exit`
    kAny,    // whether and how ever
    kNever,  // it still runs at the end
  } end = End::kCode;
  int exit = 0;
  std::optional<std::string> contains;  // in the end of what it printed

  // `code`: none if it has not ended, or was cut down.
  bool met_by(std::optional<int> code, std::string_view output) const;
  std::string text() const;  // in words: "exit code 0 and output containing \"OK\""
};

// A program that a step runs. In its words "{m1}" stands for "10.0.0.1:6379", "{m1.ip}" and
// "{m1.port}" for the halves of it, and "{{" for a brace.
struct ProgramStep {
  std::string machine;  // where: a server that is a process, or one of its own: "tool-1"
  std::vector<std::string> words;
  ProgramExpectation expect;
  Duration within{};
};

// A machine that is there to run one command.
struct ExecMachine {
  std::string name;
  std::vector<std::string> words;            // as of ProgramStep
  std::map<std::string, std::string> files;  // that it finds where it starts
  std::string zone;
  ProcessModel model;
  ProgramExpectation expect;
};

// Words of a text as a shell would split it: quotes keep spaces together, a backslash takes the
// next character as it is; nothing is expanded. nullopt: a quotation has no end.
std::optional<std::vector<std::string>> split_as_shell(std::string_view text);
// As it would be typed: words with spaces in quotes.
std::string command_text(const std::vector<std::string>& words);

// A reference in a word: the machine's name and, behind a point, which part of its address.
struct AddressReference {
  enum class Part : std::uint8_t { kBoth, kIp, kPort } part = Part::kBoth;
  std::string machine;
};
// The word with every reference replaced by what `address` says; nullopt: a brace is not closed.
std::optional<std::string> with_addresses(
    std::string_view word, const std::function<std::string(const AddressReference&)>& address);

}  // namespace sim
