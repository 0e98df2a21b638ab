// The house rules, checked: who may include whom, what is banned outside its fence (and what to use
// instead), the shape of files, and that nothing lies about dead. Each check is a function of a
// path and a text, so that each is proved to catch what it is for, below, before the tree itself is
// read.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/tidy_rules.h"

namespace {

namespace fs = std::filesystem;
using namespace tidy;

// ---- Reading ----

struct Source {
  std::string path;  // from the root of the tree
  std::string text;
};
using Tree = std::vector<Source>;
// One line each: "sim/core/x.cc:12: what is wrong, and what to do instead".
using Findings = std::vector<std::string>;

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view p) { return text.substr(0, p.size()) == p; });
}
bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}
bool is_cpp(std::string_view path) {
  return ends_with(path, ".cc") || ends_with(path, ".h");
}
bool is_product(std::string_view path) {
  return starts_with_any(path, {"sim/", "viz/"}) && is_cpp(path);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The text with comments, and the insides of string and character literals, blanked out; line
// breaks stay.
std::string code_of(const std::string& text) {
  enum { kCode, kLine, kBlock, kString, kChar } state = kCode;
  std::string code = text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i], next = i + 1 < text.size() ? text[i + 1] : '\0';
    const bool digit_separator =
        c == '\'' && i > 0 && std::isalnum(static_cast<unsigned char>(text[i - 1])) != 0;
    if (c == '\n') {
      if (state != kBlock) state = kCode;
    } else if (state == kCode) {
      if (c == '/' && (next == '/' || next == '*')) state = next == '/' ? kLine : kBlock;
      if (c == '"') state = kString;
      if (c == '\'' && !digit_separator) state = kChar;
      if (state == kLine || state == kBlock) code[i] = ' ';
    } else {
      const bool ends = (state == kString && c == '"') || (state == kChar && c == '\'');
      if (!ends) code[i] = ' ';
      if (ends) state = kCode;
      if (state == kBlock && c == '*' && next == '/') code[++i] = ' ', state = kCode;
      if ((state == kString || state == kChar) && c == '\\' && i + 1 < text.size()) code[++i] = ' ';
    }
  }
  return code;
}

bool is_word_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Does the word occur as one, not as a part of a longer name? A word that ends in '(' is a call.
bool has_word(std::string_view line, std::string_view word) {
  for (std::size_t at = line.find(word); at != std::string_view::npos;
       at = line.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = at == 0 || !is_word_char(word.front()) || !is_word_char(line[at - 1]);
    const bool finishes =
        end == line.size() || !is_word_char(word.back()) || !is_word_char(line[end]);
    if (begins && finishes) return true;
  }
  return false;
}

template <class Check>
Findings each_line(const Source& source, const std::string& text, const Check& check) {
  Findings findings;
  const std::vector<std::string> lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string what = check(lines[i]);
    if (!what.empty()) findings.push_back(source.path + ":" + std::to_string(i + 1) + ": " + what);
  }
  return findings;
}

// The included file, with its brackets: "\"sim/base/time.h\"" or "<vector>"; empty if the line
// includes nothing.
std::string included(const std::string& line) {
  if (line.substr(0, 9) != "#include ") return "";
  return line.substr(9, line.find_first_of("\">", 10) - 9 + 1);
}

// ---- Who may include whom ----

Findings include_arrows(const Source& source) {
  const auto room = std::find_if(rooms().begin(), rooms().end(), [&](const Room& one) {
    return starts_with_any(source.path, {one.folder});
  });
  if (room == rooms().end())
    return {source.path + ":1: belongs to no room; add it to rooms() in tests/tidy_rules.h"};
  return each_line(source, source.text, [&](const std::string& line) -> std::string {
    const std::string file = included(line);
    if (file.size() < 3 || file.front() != '"') return "";
    const std::string_view path = std::string_view(file).substr(1, file.size() - 2);
    if (starts_with_any(path, {room->folder}) || starts_with_any(path, room->may_include))
      return "";
    return std::string(room->folder) + " may not include " + file +
           "; say it in the words of base or of the trace, or move the code to the room that may";
  });
}

Findings fenced_headers(const Source& source) {
  return each_line(source, source.text, [&](const std::string& line) -> std::string {
    const std::string file = included(line);
    if (file.empty() || file.front() != '<') return "";
    for (const Fence& fence : fences()) {
      if (!starts_with_any(std::string_view(file).substr(1), {fence.header})) continue;
      if (starts_with_any(source.path, fence.only_inside)) continue;
      return file + " is fenced off here; use " + std::string(fence.instead);
    }
    return "";
  });
}

// ---- Banned words ----

Findings banned_words(const Source& source) {
  if (starts_with_any(source.path, {"sim/hosts/"})) return {};  // the fence round nondeterminism
  Findings findings =
      each_line(source, code_of(source.text), [&](const std::string& line) -> std::string {
        for (const Ban& ban : bans()) {
          if (!ban.only_in.empty() && !starts_with_any(source.path, ban.only_in)) continue;
          if (starts_with_any(source.path, ban.allowed_in)) continue;
          const bool found = ban.word.front() == '_' ? line.find(ban.word) != std::string::npos
                                                     : has_word(line, ban.word);
          if (found)
            return std::string(ban.word) + " is banned here; use " + std::string(ban.instead);
        }
        return "";
      });
  // Addresses differ from run to run; this one hides inside string literals.
  const Findings addresses =
      each_line(source, source.text, [](const std::string& line) -> std::string {
        return line.find(std::string("%") + "p") == std::string::npos
                   ? ""
                   : "printing addresses is banned; print names or ids";
      });
  findings.insert(findings.end(), addresses.begin(), addresses.end());
  return findings;
}

// The key type of each associative container named on the line.
std::vector<std::string> key_types(const std::string& line) {
  std::vector<std::string> keys;
  for (const std::string_view container :
       {"std::map<", "std::set<", "std::multimap<", "std::multiset<"}) {
    for (std::size_t at = line.find(container); at != std::string::npos;
         at = line.find(container, at + 1)) {
      std::size_t i = at + container.size();
      const std::size_t begin = i;
      for (int depth = 0; i < line.size(); ++i) {
        if (line[i] == '<') ++depth;
        if (depth == 0 && (line[i] == ',' || line[i] == '>')) break;
        if (line[i] == '>') --depth;
      }
      keys.push_back(line.substr(begin, i - begin));
    }
  }
  return keys;
}
Findings pointer_keys(const Source& source) {
  return each_line(source, code_of(source.text), [](const std::string& line) -> std::string {
    for (const std::string& key : key_types(line)) {
      if (!key.empty() && (key.back() == '*' || key.find("_ptr<") != std::string::npos)) {
        return "a container ordered by addresses (" + key +
               ") is banned; key it by a name or an id";
      }
    }
    return "";
  });
}

// Names of variables declared as unordered containers, which may be looked things up in but not
// gone through.
std::set<std::string> unordered_names(const std::string& code) {
  std::set<std::string> names;
  for (std::size_t at = code.find("unordered_"); at != std::string::npos;
       at = code.find("unordered_", at + 1)) {
    std::size_t i = code.find('<', at);
    int depth = 0;
    for (; i < code.size(); ++i) {
      if (code[i] == '<') ++depth;
      if (code[i] == '>' && --depth == 0) break;
      if (code[i] == ';' || code[i] == '\n') break;  // an include, or not a declaration
    }
    if (i >= code.size() || code[i] != '>') continue;
    while (++i < code.size() && (code[i] == ' ' || code[i] == '&')) {}
    const std::size_t begin = i;
    while (i < code.size() && is_word_char(code[i])) ++i;
    if (i > begin) names.insert(code.substr(begin, i - begin));
  }
  return names;
}
Findings unordered_iteration(const Source& source) {
  const std::string code = code_of(source.text);
  const std::set<std::string> names = unordered_names(code);
  return each_line(source, code, [&](const std::string& line) -> std::string {
    for (const std::string& name : names) {
      if (has_word(line, ": " + name + ")") || has_word(line, name + ".begin()")) {
        return "going through " + name +
               ", whose order differs between libraries, is banned; use std::map, or a sorted copy";
      }
    }
    return "";
  });
}

// ---- Shape ----

Findings shape(const Source& source) {
  constexpr std::size_t kColumns = 120, kLines = 600;
  const std::vector<std::string> lines = lines_of(source.text);
  Findings findings = each_line(source, source.text, [](const std::string& line) -> std::string {
    const auto is_lead = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
    const auto columns = static_cast<std::size_t>(std::count_if(line.begin(), line.end(), is_lead));
    if (columns > kColumns)
      return std::to_string(columns) + " columns; at most " + std::to_string(kColumns);
    return line.find('\t') == std::string::npos ? "" : "a tab; indent with spaces";
  });
  const auto add = [&](const std::string& what) {
    findings.push_back(source.path + ":1: " + what);
  };
  if (lines.size() > kLines)
    add(std::to_string(lines.size()) + " lines; at most " + std::to_string(kLines) + ": split it");
  const std::string first = lines.empty() ? "" : lines.front();
  const bool header = ends_with(source.path, ".h");
  if (!starts_with_any(first, header ? std::vector<std::string_view>{"//"}
                                     : std::vector<std::string_view>{"//", "#include"})) {
    add(header ? "open with a comment: what this is, and what it promises"
               : "open with a comment or an include");
  }
  if (header && std::find(lines.begin(), lines.end(), "#pragma once") == lines.end())
    add("no #pragma once");
  return findings;
}

// Words that say a thing is unfinished, and paths that exist on nobody else's machine. (Spelt in
// halves, so that this file may be read like any other.)
Findings unfinished_or_private(const Source& source) {
  static const std::array<std::string, 4> unfinished = {
      "TO"
      "DO",
      "FIX"
      "ME",
      "XX"
      "X",
      "HA"
      "CK"};
  static const std::array<std::string, 3> paths = {
      "/wo"
      "rk/",
      "/fa"
      "rm/",
      ".libr"
      "ary"};
  return each_line(source, source.text, [](const std::string& line) -> std::string {
    for (const std::string& word : unfinished) {
      if (has_word(line, word)) return word + ": do it, or open an issue and leave no trace here";
    }
    for (const std::string& path : paths) {
      if (line.find(path) != std::string::npos) return path + " exists on one machine only";
    }
    return "";
  });
}

// ---- Of the tree as a whole ----

Findings dead_headers(const Tree& tree) {
  std::set<std::string> used;
  for (const Source& source : tree) {
    for (const std::string& line : lines_of(source.text)) used.insert(included(line));
  }
  Findings findings;
  for (const Source& source : tree) {
    const bool dead = ends_with(source.path, ".h") && !used.contains("\"" + source.path + "\"");
    if (dead) findings.push_back(source.path + ":1: nobody includes it; delete it");
  }
  return findings;
}

// What a folder makes (make_x functions that answer a unique_ptr<Product>) must have a row in its
// registry.cc.
Findings unregistered(const Tree& tree, const std::string& folder, const std::string& product) {
  const auto registry = std::find_if(tree.begin(), tree.end(), [&](const Source& one) {
    return one.path == folder + "registry.cc";
  });
  if (registry == tree.end()) return {folder + "registry.cc:1: there is no registry"};
  const std::string table = code_of(registry->text);
  Findings findings;
  for (const Source& source : tree) {
    if (!starts_with_any(source.path, {folder}) || source.path == registry->path ||
        !ends_with(source.path, ".cc"))
      continue;
    const std::string code = code_of(source.text), begin = "std::unique_ptr<" + product + "> make_";
    for (std::size_t at = code.find("\n" + begin); at != std::string::npos;
         at = code.find("\n" + begin, at + 1)) {
      std::size_t name = at + 1 + begin.size() - std::string("make_").size(), end = name;
      while (end < code.size() && is_word_char(code[end])) ++end;
      const std::string made = code.substr(name, end - name);
      const bool row =
          has_word(table, made + ",") || has_word(table, made + "}") || has_word(table, "&" + made);
      if (!row)
        findings.push_back(source.path + ":1: " + made + " has no row in " + registry->path);
    }
  }
  return findings;
}

// ---- Each check catches what it is for ----

std::size_t count(const Findings& findings) {
  return findings.size();
}
Source file(std::string path, std::string text) {
  return {std::move(path), std::move(text)};
}

TEST(TidyCheck, BlanksCommentsAndLiterals) {
  EXPECT_EQ(code_of("a; // rand(\nb /* x\n*/ c"), "a;         \nb     \n   c");
  EXPECT_EQ(code_of("f(\"rand(\\\"\", 'x', 1'000);"), "f(\"       \", ' ', 1'000);");
}
TEST(TidyCheck, FindsForbiddenArrows) {
  EXPECT_EQ(count(include_arrows(file("sim/world/a.cc", "#include \"sim/core/election.h\"\n"))),
            1u);
  EXPECT_EQ(count(include_arrows(file("sim/core/a.cc", "#include \"sim/world/world.h\"\n"))), 1u);
  EXPECT_EQ(count(include_arrows(file("viz/a.cc", "#include \"sim/world/world.h\"\n"))), 1u);
  EXPECT_EQ(count(include_arrows(file("sim/wire/a.cc", "#include \"sim/node/node.h\"\n"))), 1u);
  EXPECT_EQ(count(include_arrows(
                file("sim/wire/a.cc", "#include \"sim/node/payload.h\"\n#include <map>\n"))),
            0u);
  EXPECT_EQ(count(include_arrows(file("sim/attic/a.cc", ""))), 1u);
}
TEST(TidyCheck, FindsFencedHeaders) {
  EXPECT_EQ(count(fenced_headers(file("sim/core/a.cc", "#include <nlohmann/json.hpp>\n"))), 1u);
  EXPECT_EQ(
      count(fenced_headers(file("sim/world/a.cc", "#include <boost/graph/graph_traits.hpp>\n"))),
      1u);
  EXPECT_EQ(count(fenced_headers(
                file("sim/world/topology.cc", "#include <boost/graph/graph_traits.hpp>\n"))),
            0u);
  EXPECT_EQ(
      count(fenced_headers(file("sim/scenario/a.cc", "#include <fstream>\n#include <map>\n"))), 1u);
}
TEST(TidyCheck, FindsBannedWordsInCodeOnly) {
  for (const char* code :
       {"std::chrono::system_clock::now();", "x = rand();", "std::uniform_int_distribution<int> d;",
        "double p;", "std::thread t;", "auto home = getenv(\"HOME\");",
        "printf(\"%"
        "p\", x);"}) {
    EXPECT_EQ(count(banned_words(file("sim/core/a.cc", code))), 1u) << code;
  }
  EXPECT_EQ(count(banned_words(
                file("sim/core/a.cc", "// rand() and double\noperand(1); double_sided = 1;"))),
            0u);
  EXPECT_EQ(count(banned_words(file("sim/invariants/a.cc", "double mean;"))), 0u);
  EXPECT_EQ(count(banned_words(file("sim/invariants/a.cc", "Stage stage_;"))), 1u);
  EXPECT_EQ(count(banned_words(file("sim/invariants/jury.h", "Stage stage_;"))), 0u);
  EXPECT_EQ(count(banned_words(file("sim/hosts/a.cc", "steady_clock::now();"))), 0u);
  EXPECT_EQ(count(banned_words(file("sim/app/a.cc", "std::getenv(\"NO_COLOR\");"))), 0u);
}
TEST(TidyCheck, FindsPointerKeys) {
  EXPECT_EQ(count(pointer_keys(file("sim/core/a.cc", "std::map<const Node*, int> m;"))), 1u);
  EXPECT_EQ(count(pointer_keys(file("sim/core/a.cc", "std::set<std::shared_ptr<X>> s;"))), 1u);
  EXPECT_EQ(count(pointer_keys(file("sim/core/a.cc", "std::map<std::pair<int, int>, Node*> m;"))),
            0u);
}
TEST(TidyCheck, FindsIterationOverUnorderedContainers) {
  const std::string declared = "std::unordered_map<int, std::vector<int>> seen_;\n";
  EXPECT_EQ(
      count(unordered_iteration(file("sim/core/a.cc", declared + "for (auto& x : seen_) f(x);"))),
      1u);
  EXPECT_EQ(count(unordered_iteration(file("sim/core/a.cc", declared + "auto i = seen_.begin();"))),
            1u);
  EXPECT_EQ(count(unordered_iteration(
                file("sim/core/a.cc", declared + "seen_.find(3); for (auto& x : unseen_) f(x);"))),
            0u);
}
TEST(TidyCheck, FindsBadShape) {
  EXPECT_EQ(count(shape(file("a.h", "// A thing.\n#pragma once\n"))), 0u);
  EXPECT_EQ(count(shape(file("a.h", "#pragma once\n"))), 1u);
  EXPECT_EQ(count(shape(file("a.h", "// A thing.\n"))), 1u);
  EXPECT_EQ(count(shape(file("a.cc", "namespace sim {}\n"))), 1u);
  EXPECT_EQ(count(shape(file("a.cc", "// " + std::string(118, 'x') + "\n"))), 1u);
  EXPECT_EQ(count(shape(file("a.cc", "//\n\tx\n"))), 1u);
  std::string longer = "//\n";
  for (int i = 0; i < 600; ++i) longer += "x\n";
  EXPECT_EQ(count(shape(file("a.cc", longer))), 1u);
}
TEST(TidyCheck, FindsUnfinishedAndPrivate) {
  EXPECT_EQ(count(unfinished_or_private(file("a.cc",
                                             "// TO"
                                             "DO: later\n// mastodons\n"))),
            1u);
  EXPECT_EQ(count(unfinished_or_private(file("a.md",
                                             "see /wo"
                                             "rk/notes\n"))),
            1u);
}
TEST(TidyCheck, FindsDeadHeaders) {
  const Tree tree = {file("sim/a.h", ""), file("sim/b.h", ""),
                     file("sim/c.cc", "#include \"sim/a.h\"\n")};
  EXPECT_EQ(dead_headers(tree), Findings{"sim/b.h:1: nobody includes it; delete it"});
}
TEST(TidyCheck, FindsWhatIsNotRegistered) {
  const std::string made = "\nstd::unique_ptr<Fault> make_pause(Options& options) {}";
  const std::string declared = "std::unique_ptr<Fault> make_pause(Options& options);\n";
  const auto findings = [&](const std::string& table) {
    return count(
        unregistered({file("sim/faults/registry.cc", table), file("sim/faults/pause.cc", made)},
                     "sim/faults/", "Fault"));
  };
  EXPECT_EQ(findings(declared), 1u);
  EXPECT_EQ(findings(declared + "{\"pause\", make_pause},"), 0u);
  EXPECT_EQ(count(unregistered({}, "sim/faults/", "Fault")), 1u);
}

// ---- The tree ----

// Every text file of the repository; build folders, and what tools keep in dot folders, are
// nobody's writing.
const Tree& tree() {
  static const Tree files = [] {
    Tree found;
    const fs::path root = SLOTSIM_SOURCE_DIR;
    for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator();
         ++it) {
      const std::string name = it->path().filename().string();
      const bool at_root = it->path().parent_path() == root;
      if (it->is_directory()) {
        const bool built = (at_root && (name == "out" || name.substr(0, 5) == "build")) ||
                           name == "node_modules" || name == "dist";
        if (built || (name.front() == '.' && name != ".ci")) it.disable_recursion_pending();
        continue;
      }
      if (name == ".git") continue;  // of a worktree: a file that says where the repository is
      std::ifstream in(it->path(), std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
      if (text.find('\0') != std::string::npos) continue;
      found.push_back({fs::relative(it->path(), root).generic_string(), std::move(text)});
    }
    std::sort(found.begin(), found.end(),
              [](const Source& a, const Source& b) { return a.path < b.path; });
    return found;
  }();
  return files;
}

template <class Which, class Check>
void expect_tidy(const Which& which, const Check& check) {
  std::size_t read = 0;
  for (const Source& source : tree()) {
    if (!which(source.path)) continue;
    ++read;
    for (const std::string& finding : check(source)) ADD_FAILURE() << finding;
  }
  EXPECT_GT(read, 20u) << "is this the right folder? " << SLOTSIM_SOURCE_DIR;
}
void expect_none(const Findings& findings) {
  for (const std::string& finding : findings) ADD_FAILURE() << finding;
}

TEST(Tidy, RoomsIncludeOnlyWhatTheyMay) {
  expect_tidy(is_product, include_arrows);
}
TEST(Tidy, ThirdPartiesStayBehindTheirFences) {
  expect_tidy(is_product, fenced_headers);
}
TEST(Tidy, NothingBannedIsUsed) {
  expect_tidy(is_product, banned_words);
}
TEST(Tidy, NothingIsOrderedByAddress) {
  expect_tidy(is_product, pointer_keys);
}
TEST(Tidy, NothingGoesThroughAnUnorderedContainer) {
  expect_tidy(is_product, unordered_iteration);
}
TEST(Tidy, FilesAreInShape) {
  expect_tidy(is_cpp, shape);
}
TEST(Tidy, NothingIsUnfinishedOrPrivate) {
  const auto is_written = [](std::string_view path) {
    return !starts_with_any(path, {"tests/fuzz/corpus/"});
  };
  expect_tidy(is_written, unfinished_or_private);
}
TEST(Tidy, NoHeaderIsDead) {
  expect_none(dead_headers(tree()));
}
TEST(Tidy, RegistriesAreComplete) {
  expect_none(unregistered(tree(), "sim/faults/", "Fault"));
  expect_none(unregistered(tree(), "sim/workloads/", "Workload"));
  expect_none(unregistered(tree(), "sim/invariants/", "Invariant"));
  expect_none(unregistered(tree(), "viz/", "Renderer"));
}

}  // namespace
