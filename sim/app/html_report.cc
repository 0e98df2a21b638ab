#include "sim/app/html_report.h"

#include <fmt/format.h>

#include "sim/app/report.h"
#include "sim/base/check.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/describe.h"
#include "viz/template.h"

namespace sim {
namespace {

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '&') {
      safe += "&amp;";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string word_for(const InvariantResult& invariant) {
  const std::string word(judgement_name(invariant.judgement));
  return invariant.excused ? word + " (as expected)" : word;
}

void append_invariants(const RunResult& result, std::string& html) {
  html += "<table><caption>Invariants</caption>\n";
  for (const InvariantResult& invariant : result.invariants) {
    html += fmt::format("<tr><td>{}</td><th scope=\"row\">{}</th><td>{}", word_for(invariant),
                        escaped(invariant.name), escaped(invariant.summary));
    const bool is_bad =
        invariant.judgement == Judgement::kFail || invariant.judgement == Judgement::kKnownDefect;
    for (const Finding& finding : invariant.findings) {
      if (is_bad) html += fmt::format("<br>{}: {}", format_time(finding.at), escaped(finding.what));
    }
    html += "</td></tr>\n";
  }
  for (const Expectation& expectation : result.expectations) {
    html += fmt::format("<tr><td>{}</td><th scope=\"row\">{}</th><td>{}</td></tr>\n",
                        expectation.met ? "met" : "NOT MET", escaped(expectation.text),
                        escaped(expectation.detail));
  }
  html += "</table>\n";
}

void append_timeline(const RunResult& result, std::string& html) {
  html += "<table><caption>What happened</caption>\n";
  for (const TimelineEntry& entry : result.timeline) {
    html += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", format_time(entry.at),
                        escaped(entry.text));
  }
  html += "</table>\n";
}

// What stands in the file itself, for readers without JavaScript.
std::string static_part(const RunResult& result) {
  std::string html = fmt::format("<h1>{}</h1>\n<p>{}, seed {}, digest {:016x}</p>\n<pre>{}</pre>\n",
                                 escaped(result.headline), escaped(result.scenario), result.seed,
                                 result.digest, escaped(replay_command(result)));
  for (const std::string& warning : result.warnings)
    html += "<p>warning: " + escaped(warning) + "</p>\n";
  append_invariants(result, html);
  append_timeline(result, html);
  return html;
}

void fill(std::string& page, std::string_view mark, const std::string& content) {
  const std::size_t at = page.find(mark);
  CHECK(at != std::string::npos);
  page.replace(at, mark.size(), content);
}

}  // namespace

std::string html_report(const RunResult& result, const nlohmann::ordered_json& document) {
  std::string data =
      document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  // Nothing in it may end the element it stands in.
  std::string safe;
  safe.reserve(data.size());
  for (const char c : data) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  std::string page(report_template());
  // Backwards, so that no mark is looked for in what a run has written.
  fill(page, kDataMark, safe);
  fill(page, kStaticMark, static_part(result));
  fill(page, kTitleMark, escaped(result.scenario + ": " + result.headline));
  return page;
}

}  // namespace sim
