// slotsim run --report: the file it writes, and the page in it, which is built and driven by what
// npm brings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/scratch_testing.h"
#include "tests/read_file.h"

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using sim::read;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kRoot = SLOTSIM_SOURCE_DIR;

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++found;
  return found;
}

class Report : public sim::ScratchTest {
 protected:
  // The exit code. What it prints is in `printed()`.
  int shell(const std::string& command) { return ScratchTest::shell("exec 2>&1; " + command).code; }
  std::string printed() const { return file(".out"); }
  int slotsim(const std::string& arguments) { return shell("'" SLOTSIM_BINARY "' " + arguments); }
  std::string page(const std::string& name = "out.html") const { return read(scratch_ / name); }
  static std::string data_of(const std::string& page) {
    const std::string begin = "<script type=\"application/json\" id=\"run\">";
    const std::size_t at = page.find(begin) + begin.size();
    return page.substr(at, page.find("</script>", at) - at);
  }
  bool has(const std::string& program) { return shell("command -v " + program) == 0; }
  // Why nothing of npm can be run here; "" if it can. Leaves a built copy of viz/web in web().
  std::string why_no_npm();
  static fs::path web() { return fs::path(SLOTSIM_BINARY).parent_path() / "web"; }
};

TEST_F(Report, IsOnePageWithTheWholeRunInIt) {
  ASSERT_EQ(slotsim("run '" + kRoot + "/scenarios/failover.json' --report out.html"), 0)
      << printed();
  const std::string html = page();
  EXPECT_LT(html.size(), 1'500'000u);
  EXPECT_THAT(html, StartsWith("<!doctype html>"));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  // Nothing to fetch: every address in it is that of a vocabulary.
  EXPECT_EQ(count(html, "src=\"http") + count(html, "href=\"http") + count(html, "url(http"), 0u);
  EXPECT_THAT(html, HasSubstr("<title>failover: PASS</title>"));
  const Json data = Json::parse(data_of(html));
  EXPECT_EQ(data["slotsim_report"], 1);
  EXPECT_EQ(data["run"]["digest"], "df7bfe247c72521a");
  EXPECT_EQ(data["steps"][0]["at"], 10'000'000);
  EXPECT_GT(data["views"]["looks"].size(), 300u);
  EXPECT_GT(data["messages"]["sent"].size(), 1000u);
  EXPECT_EQ(data["messages"]["left_out"], 0);
}

TEST_F(Report, CanBeReadWithoutJavaScript) {
  ASSERT_EQ(slotsim("run '" + kRoot +
                    "/scenarios/broken/minority.json' --mutate no-demotion --report out.html"),
            1);
  const std::string html = page();
  const std::string fixed = html.substr(0, html.find("id=\"run\""));
  EXPECT_THAT(fixed, HasSubstr("<h1>FAIL slot_ownership_agrees, one_writable_primary"));
  EXPECT_THAT(fixed, HasSubstr("m1 and m4 have both accepted writes for slots 0-5460"));
  EXPECT_THAT(fixed, HasSubstr("minority.json --seed 1 --mutate no-demotion</pre>"));
}

TEST_F(Report, IsTheSameTwiceAndChangesNothing) {
  const std::string run = "run '" + kRoot + "/scenarios/smoke.json' --seed 3 --quiet ";
  ASSERT_EQ(slotsim(run), 0);
  const std::string without = printed();
  ASSERT_EQ(slotsim(run + "--report one.html --trace one.jsonl"), 0);
  EXPECT_EQ(printed(), without);
  ASSERT_EQ(slotsim(run + "--report two.html"), 0);
  EXPECT_EQ(page("one.html"), page("two.html"));
  // Neither has the trace more records for it.
  ASSERT_EQ(slotsim(run + "--trace two.jsonl"), 0);
  EXPECT_EQ(read(scratch_ / "one.jsonl"), read(scratch_ / "two.jsonl"));
}

TEST_F(Report, NoTextOfARunEndsTheElementItStandsIn) {
  const std::string evil = "</script><script>alert(1)</script><!--slotsim:data-->";
  std::ofstream(scratch_ / "x.json") << R"({"version": 1, "name": "evil", "duration": "2s",
    "description": ")" << evil << R"(", "expect": {"metrics": {"promotions": "==0"}}})";
  ASSERT_EQ(slotsim("run x.json --report out.html"), 0) << printed();
  const std::string html = page();
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_EQ(Json::parse(data_of(html))["run"]["why"], evil);
}

TEST_F(Report, WhatCannotBeDoneIsSaid) {
  const std::string smoke = "run '" + kRoot + "/scenarios/smoke.json' ";
  EXPECT_EQ(slotsim(smoke + "--report nowhere/out.html"), 2);
  EXPECT_THAT(printed(), HasSubstr("cannot write the report to nowhere/out.html"));
  EXPECT_EQ(slotsim(smoke + "--seeds 1..2 --report out.html"), 2);
  EXPECT_THAT(printed(), HasSubstr("--report is for one run"));
  EXPECT_EQ(slotsim(smoke + "--verify --report out.html"), 2);
  EXPECT_THAT(printed(), HasSubstr("it takes no --report"));
}

TEST_F(Report, ARunThatNeverFormsHasOneToo) {
  std::ofstream(scratch_ / "x.json") << R"({"version": 1, "name": "stuck", "duration": "2s",
    "limits": {"events": 50}})";
  slotsim("run x.json --report out.html");
  const Json data = Json::parse(data_of(page()));
  EXPECT_EQ(data["run"]["cut_short"], "event limit reached");
  EXPECT_EQ(data["views"]["looks"].size(), 0u);
}

// ---- The page itself ----

std::string Report::why_no_npm() {
  if (!has("npm") || !has("node")) return "npm and Node 20 are not installed";
  if (shell("node -e 'process.exit(Number(process.versions.node.split(\".\")[0]) >= 20 ? 0 : 1)'"))
    return "Node is older than 20";
  // One test after the other: what the first has prepared is there for the second.
  fs::create_directories(web());
  const int code = shell("cd '" + web().string() + "' && exec flock .lock '" + kRoot +
                         "/viz/web/build/prepare.sh'");
  const std::string built = code == 0 ? "" : printed();
  for (const char* offline : {"ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT"}) {
    if (built.find(offline) != std::string::npos) return "npm reaches no registry";
  }
  EXPECT_EQ(built, "");
  return "";
}

TEST_F(Report, TheTemplateIsWhatItsSourcesMake) {
  const std::string committed = read(kRoot + "/viz/web/template.html");
  EXPECT_LT(committed.size(), 250'000u);
  ASSERT_EQ(shell("cd '" + kRoot + "/viz/web' && sha256sum -c template.sha256"), 0) << printed();
  if (const std::string why = why_no_npm(); !why.empty()) GTEST_SKIP() << why;
  EXPECT_TRUE(read(web() / "rebuilt.html") == committed)
      << "viz/web has changed: npm run build in it writes template.html and template.sha256";
  EXPECT_EQ(shell("cd '" + web().string() + "' && npx tsc --noEmit && npx vitest run"), 0)
      << printed();
}

TEST_F(Report, ThePageDoesInABrowserWhatAPersonAsksOfIt) {
  if (!has("chromium") && !has("chromium-browser") && !has("google-chrome"))
    GTEST_SKIP() << "no chromium is installed";
  if (const std::string why = why_no_npm(); !why.empty()) GTEST_SKIP() << why;
  const fs::path reports = web() / "reports";
  fs::create_directories(reports);
  const auto write = [&](const std::string& name, const std::string& run) {
    slotsim("run '" + kRoot + "/scenarios/" + run + " --quiet --report '" +
            (reports / (name + ".html")).string() + "'");
    ASSERT_TRUE(fs::exists(reports / (name + ".html"))) << printed();
  };
  write("failover", "failover.json'");
  write("split", "split-by-zones.json'");
  write("minority", "broken/minority.json' --mutate no-demotion");
  EXPECT_EQ(shell("cd '" + web().string() + "' && SLOTSIM_REPORTS='" + reports.string() +
                  "' npx vitest run --config vitest.browser.config.ts"),
            0)
      << printed();
}

}  // namespace
