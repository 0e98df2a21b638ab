// SUBSCRIBE and its kin, PUBLISH, SPUBLISH, PUBSUB.
#include <algorithm>
#include <utility>

#include "sim/core/command_handlers.h"
#include "sim/core/pubsub.h"

namespace sim {
namespace {

using resp::Value;

// One of the three kinds of subscription.
struct Kind {
  Subscriptions Sessions::*all;
  std::set<std::string> Session::*own;
  std::string_view subscribed, unsubscribed;
};
constexpr Kind kChannels{&Sessions::channels, &Session::channels, "subscribe", "unsubscribe"};
constexpr Kind kPatterns{&Sessions::patterns, &Session::patterns, "psubscribe", "punsubscribe"};
constexpr Kind kShardChannels{&Sessions::shard_channels, &Session::shard_channels, "ssubscribe",
                              "sunsubscribe"};

// Channels and patterns are counted together.
std::size_t count_of(const Session& session, const Kind& kind) {
  if (kind.own == kShardChannels.own) return session.shard_channels.size();
  return session.channels.size() + session.patterns.size();
}

// The first is the reply of the command.
Value several(Execution& execution, std::vector<Value> replies) {
  execution.more.assign(std::make_move_iterator(replies.begin() + 1),
                        std::make_move_iterator(replies.end()));
  return std::move(replies.front());
}

Value subscribe(Execution& execution, const Kind& kind) {
  Session& session = *execution.session;
  std::vector<Value> replies;
  for (std::size_t at = 1; at < execution.command.size(); ++at) {
    const std::string& channel = execution.command[at];
    if ((session.*kind.own).insert(channel).second) {
      (execution.server.sessions.*kind.all)[channel].push_back(session.conn);
    }
    replies.push_back(subscription_message(kind.subscribed, &channel, count_of(session, kind)));
  }
  return several(execution, std::move(replies));
}

Value unsubscribe(Execution& execution, const Kind& kind) {
  Session& session = *execution.session;
  std::vector<std::string> channels(execution.command.begin() + 1, execution.command.end());
  if (channels.empty()) {
    channels.assign((session.*kind.own).begin(), (session.*kind.own).end());
  }
  if (channels.empty()) {
    return subscription_message(kind.unsubscribed, nullptr, count_of(session, kind));
  }
  std::vector<Value> replies;
  Subscriptions& all = execution.server.sessions.*kind.all;
  for (const std::string& channel : channels) {
    if ((session.*kind.own).erase(channel) > 0) end_subscription(all, channel, session.conn);
    replies.push_back(subscription_message(kind.unsubscribed, &channel, count_of(session, kind)));
  }
  return several(execution, std::move(replies));
}

// Without a cluster replicas hear of it in the stream.
Value publish(Execution& execution, bool shard) {
  Server& server = execution.server;
  const std::string& channel = execution.command[1];
  const std::string& message = execution.command[2];
  const std::int64_t reached = publish_here(server, execution.pass, channel, message, shard);
  if (server.config.cluster_enabled) {
    publish_over_bus(server, execution.pass, channel, message, shard);
  } else {
    execution.streamed = true;
  }
  return resp::integer(reached);
}

// ---- PUBSUB ----

Value names(const resp::Command& command, const Subscriptions& subscriptions) {
  resp::Array found;
  for (const auto& [name, subscribers] : subscriptions) {
    if (command.size() == 2 || matches_glob(command[2], name)) {
      found.items.push_back(resp::bulk(name));
    }
  }
  return {std::move(found)};
}

Value counts(const resp::Command& command, const Subscriptions& subscriptions) {
  resp::Array found;
  for (std::size_t at = 2; at < command.size(); ++at) {
    const auto entry = subscriptions.find(command[at]);
    const std::size_t count = entry == subscriptions.end() ? 0 : entry->second.size();
    found.items.push_back(resp::bulk(command[at]));
    found.items.push_back(resp::integer(static_cast<std::int64_t>(count)));
  }
  return {std::move(found)};
}

constexpr std::string_view kHelp[] = {
    "PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CHANNELS [<pattern>]",
    "    Return the currently active channels matching a <pattern> (default: '*').",
    "NUMPAT",
    "    Return number of subscriptions to patterns.",
    "NUMSUB [<channel> ...]",
    "    Return the number of subscribers for the specified channels, excluding",
    "    pattern subscriptions(default: no channels).",
    "SHARDCHANNELS [<pattern>]",
    "    Return the currently active shard level channels matching a <pattern> (default: '*').",
    "SHARDNUMSUB [<shardchannel> ...]",
    "    Return the number of subscribers for the specified shard level channel(s)",
    "HELP",
    "    Prints this help.",
};

}  // namespace

Value subscribe_command(Execution& execution) {
  return subscribe(execution, kChannels);
}
Value psubscribe_command(Execution& execution) {
  return subscribe(execution, kPatterns);
}
Value ssubscribe_command(Execution& execution) {
  return subscribe(execution, kShardChannels);
}
Value unsubscribe_command(Execution& execution) {
  return unsubscribe(execution, kChannels);
}
Value punsubscribe_command(Execution& execution) {
  return unsubscribe(execution, kPatterns);
}
Value sunsubscribe_command(Execution& execution) {
  return unsubscribe(execution, kShardChannels);
}
Value publish_command(Execution& execution) {
  return publish(execution, false);
}
Value spublish_command(Execution& execution) {
  return publish(execution, true);
}

Value pubsub_command(Execution& execution) {
  const resp::Command& command = execution.command;
  const Sessions& sessions = execution.server.sessions;
  const std::string& what = command[1];
  const bool alone = command.size() == 2;
  if (same_word(what, "HELP")) return alone ? help_of(kHelp) : wrong_arity("pubsub|help");
  if (same_word(what, "NUMPAT")) {
    if (!alone) return wrong_arity("pubsub|numpat");
    return resp::integer(static_cast<std::int64_t>(sessions.patterns.size()));
  }
  if (same_word(what, "NUMSUB")) return counts(command, sessions.channels);
  if (same_word(what, "SHARDNUMSUB")) return counts(command, sessions.shard_channels);
  const bool shard = same_word(what, "SHARDCHANNELS");
  if (shard || same_word(what, "CHANNELS")) {
    if (command.size() <= 3)
      return names(command, shard ? sessions.shard_channels : sessions.channels);
    return wrong_form("PUBSUB", what);
  }
  return unknown_subcommand("PUBSUB", what);
}

}  // namespace sim
