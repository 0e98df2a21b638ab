// Clients' operations, in the words of a test.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/invariants/losses.h"
#include "tests/invariants/story_testing.h"

namespace sim::story {

inline NodeName history(char c) {
  return NodeName::from(std::string(40, c));
}

class ClientStory : public Story {
 public:
  ClientStory() {
    boot();
    at(5s);
  }
  ClientStory& begin(std::uint64_t operation, event::OpKind kind, std::string key,
                     std::string value) {
    event::OpInvoked invoked;
    invoked.operation = operation;
    invoked.kind = kind;
    invoked.key = std::move(key);
    invoked.value = std::move(value);
    say(client, invoked);
    return *this;
  }
  // Takes effect on a machine at an offset of history 'x'.
  ClientStory& apply(std::uint32_t machine, std::uint64_t operation, std::int64_t offset,
                     char in = 'x') {
    say(machine, event::WriteApplied{SlotId{1}, operation, offset});
    say(machine,
        event::StreamAt{history(in), offset, static_cast<std::uint64_t>(offset), Role::kPrimary});
    return *this;
  }
  ClientStory& end(std::uint64_t operation, event::OpOutcome outcome = event::OpOutcome::kOk,
                   std::uint32_t attempts = 1) {
    event::OpCompleted done;
    done.replicas_wanted = wait_wanted;
    done.replicas = wait_counted;
    done.operation = operation;
    done.outcome = outcome;
    done.attempts = attempts;
    say(client, done);
    return *this;
  }
  // A real server takes a write: nothing is told but its answer.
  ClientStory& answered(std::uint64_t operation, std::string key, std::string value,
                        std::string by = "m1") {
    begin(operation, event::OpKind::kWrite, std::move(key), std::move(value));
    event::OpCompleted done;
    done.operation = operation;
    done.node = std::move(by);
    say(client, done);
    return *this;
  }
  ClientStory& write(std::uint64_t operation, std::string key, std::string value,
                     std::int64_t offset, std::uint32_t machine = m1) {
    return begin(operation, event::OpKind::kWrite, std::move(key), std::move(value))
        .apply(machine, operation, offset)
        .end(operation);
  }
  ClientStory& final(std::string key, event::OpKind kind, std::string value, bool absent = false,
                     std::vector<std::string> list = {}) {
    at(60s);
    event::OpInvoked invoked;
    invoked.operation = ++audits_;
    invoked.kind = kind;
    invoked.key = std::move(key);
    invoked.final_read = true;
    say(client + 1, invoked);
    event::OpCompleted done;
    done.operation = audits_;
    done.value = std::move(value);
    done.absent = absent;
    done.list = std::move(list);
    say(client + 1, done);
    return *this;
  }
  ClientStory& replica_at(std::uint32_t machine, std::int64_t offset, char in = 'x') {
    say(machine,
        event::StreamAt{history(in), offset, static_cast<std::uint64_t>(offset), Role::kReplica});
    return *this;
  }
  ClientStory& when(Duration time) {
    at(time);
    return *this;
  }
  Judged judged() const { return judge("acked_writes_accounted"); }
  LossTable table() const {
    Losses losses(facts);
    Stage stage(facts.cast);
    for (const Record& record : records) {
      stage.see(record);
      losses.see(record, stage);
    }
    losses.finish();
    return losses.table();
  }
  // "A permitted, B permitted": the classes of what was lost.
  std::string classes() const {
    std::string text;
    for (const LossRow& row : table().rows) {
      text += (text.empty() ? "" : ", ") + row.letter + " " + row.standing;
    }
    return text;
  }
  // What a WAIT after each write asks for, and what it counts.
  std::uint32_t wait_wanted = 0, wait_counted = 0;

 private:
  std::uint64_t audits_ = 1'000'000;
};

}  // namespace sim::story
