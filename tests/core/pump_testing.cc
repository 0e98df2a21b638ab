#include <algorithm>
#include <chrono>
#include <sstream>
#include <utility>

#include "tests/core/pump.h"

namespace sim {

Pump::BoxId Pump::add(Config config, DiskImage disk, Mutation mutation, Deviations deviations) {
  const BoxId id = boxes_.size();
  auto box = std::make_unique<Box>();
  box->endpoint = {parse_ipv4("10.0.0." + std::to_string(id + 1)), config.port};
  box->setup = {std::move(config), names_, mutation, deviations};
  box->choices = ChoiceStream(7, "node:" + std::to_string(id));
  for (const auto& [name, content] : disk) box->files[name] = *content;
  boxes_.push_back(std::move(box));
  boot(id);
  settle();
  return id;
}

void Pump::boot(BoxId id) {
  Box& box = *boxes_[id];
  auto disk = std::make_shared<DiskImage>();
  for (const auto& [name, content] : box.files) (*disk)[name] = share(content);
  box.node = std::make_unique<ClusterNode>(box.setup);
  box.peers.clear();
  box.accepted = 0;
  step(id, Booted{box.incarnation, disk, box.endpoint});
  if (!box.node) return;
  box.test_conn = accept(id, {}, {parse_ipv4("10.9.9.9"), 1234});
}

ConnId Pump::accept(BoxId id, End other, Endpoint remote, std::uint16_t port) {
  Box& box = *boxes_[id];
  const ConnId conn = ConnId::accepted(box.incarnation, ++box.accepted);
  box.peers[conn] = other;
  step(id, Accepted{conn, {box.endpoint.ipv4, port == 0 ? box.endpoint.port : port}, remote});
  return conn;
}

void Pump::step(BoxId id, Input input) {
  Box& box = *boxes_[id];
  Effects effects;
  Choices choices(box.choices);
  const std::vector<Input> inputs{std::move(input)};
  box.node->step({wall_, monotonic_}, inputs, choices, effects);
  box.last.clear();
  for (Effect& effect : effects) carry_out(id, std::move(effect));
}

void Pump::post(BoxId id, Input input) {
  mail_.push_back({id, boxes_[id]->incarnation, std::move(input)});
}

void Pump::settle() {
  while (!mail_.empty()) {
    Mail mail = std::move(mail_.front());
    mail_.pop_front();
    const Box& box = *boxes_[mail.box];
    if (box.node && box.incarnation == mail.incarnation) step(mail.box, std::move(mail.input));
  }
}

bool Pump::is_cut(BoxId a, BoxId b) const {
  return std::any_of(cuts_.begin(), cuts_.end(), [&](const auto& cut) {
    return cut == std::pair{a, b} || cut == std::pair{b, a};
  });
}

void Pump::dial(BoxId from, const Dial& dial) {
  for (BoxId to = 0; to < boxes_.size(); ++to) {
    Box& box = *boxes_[to];
    const bool bus = dial.remote.port == box.setup.config.bus_port();
    const bool here = box.endpoint == dial.remote || (bus && box.endpoint.ipv4 == dial.remote.ipv4);
    if (!here || !box.node) continue;
    if (is_cut(from, to)) return;  // nobody answers
    const ConnId conn = accept(to, {from, dial.conn}, boxes_[from]->endpoint, dial.remote.port);
    boxes_[from]->peers[dial.conn] = {to, conn};
    return post(from, Connected{dial.conn, boxes_[from]->endpoint, dial.remote});
  }
  post(from, Closed{dial.conn, CloseReason::kRefused});
}

void Pump::close(BoxId id, ConnId conn, CloseReason why) {
  Box& box = *boxes_[id];
  const auto found = box.peers.find(conn);
  if (found == box.peers.end()) return;
  const End other = found->second;
  box.peers.erase(found);
  if (other.box == kTester) box.heard[conn] += "<EOF>";
  if (other.box == kTester || is_cut(id, other.box)) return;
  if (boxes_[other.box]->peers.erase(other.conn) > 0) post(other.box, Closed{other.conn, why});
}

void Pump::carry_out(BoxId id, Effect effect) {
  Box& box = *boxes_[id];
  if (auto* note = std::get_if<Note>(&effect)) {
    box.notes.push_back(note->event);
  } else if (auto* send = std::get_if<Send>(&effect)) {
    box.last.push_back("send " + std::string(send->payload->label()));
    const auto found = box.peers.find(send->conn);
    if (found == box.peers.end()) return;
    const End to = found->second;
    if (to.box != kTester) {
      box.sent.emplace_back(send->payload->label());
      if (!is_cut(id, to.box)) post(to.box, Received{to.conn, send->payload});
      return;
    }
    box.heard[send->conn] += send->payload->bytes();
    if (send->payload->kind() == PayloadKind::kReply) {
      box.replies.push_back(static_cast<const resp::ReplyPayload&>(*send->payload).value());
    }
  } else if (auto* dialled = std::get_if<Dial>(&effect)) {
    dial(id, *dialled);
  } else if (auto* closed = std::get_if<Close>(&effect)) {
    close(id, closed->conn, CloseReason::kPeerClosed);
  } else if (auto* write = std::get_if<WriteFile>(&effect)) {
    box.last.push_back("write " + write->file);
    std::string& file = box.files[write->file];
    file.resize(std::max<std::size_t>(file.size(), write->offset + write->data->size()));
    file.replace(write->offset, write->data->size(), *write->data);
  } else if (auto* truncate = std::get_if<TruncateFile>(&effect)) {
    box.files[truncate->file].resize(truncate->size);
  } else if (auto* rename = std::get_if<RenameFile>(&effect)) {
    box.files[rename->to] = std::exchange(box.files[rename->from], {});
    box.files.erase(rename->from);
  } else if (auto* remove = std::get_if<RemoveFile>(&effect)) {
    box.files.erase(remove->file);
  } else if (auto* sync = std::get_if<SyncFile>(&effect)) {
    box.last.push_back("sync " + sync->file);
  } else if (std::holds_alternative<Exit>(effect)) {
    die(id);
  }
}

resp::Value Pump::late_reply(BoxId id) {
  std::deque<resp::Value>& replies = boxes_[id]->replies;
  if (replies.empty()) return {resp::Null{}};
  resp::Value value = std::move(replies.front());
  replies.pop_front();
  return value;
}

resp::Value Pump::call(BoxId id, resp::Command command, std::uint64_t operation) {
  boxes_[id]->replies.clear();
  step(id, Received{boxes_[id]->test_conn,
                    PayloadRef(new resp::RequestPayload(std::move(command), operation))});
  const std::vector<std::string> effects = boxes_[id]->last;
  resp::Value value = late_reply(id);
  settle();
  boxes_[id]->last = effects;
  return value;
}

ConnId Pump::connect(BoxId id) {
  return accept(id, {}, {parse_ipv4("10.9.9.9"), 1234});
}

void Pump::send(BoxId id, ConnId conn, resp::Command command) {
  const bool open = boxes_[id]->peers.count(conn) > 0;
  if (open) step(id, Received{conn, PayloadRef(new resp::RequestPayload(std::move(command)))});
  settle();
}

std::string Pump::say(BoxId id, const std::string& words) {
  std::istringstream line(words);
  resp::Command command;
  for (std::string word; line >> word;) command.push_back(word);
  return resp::describe(call(id, std::move(command)));
}

void Pump::send_bytes(BoxId id, const std::string& bytes) {
  boxes_[id]->replies.clear();
  step(id, Received{boxes_[id]->test_conn, PayloadRef(new RawBytes(bytes))});
  settle();
}

void Pump::advance(std::int64_t ms) {
  for (std::int64_t i = 0; i < ms; ++i) {
    wall_ += std::chrono::milliseconds(1);
    monotonic_ += std::chrono::milliseconds(1);
    for (BoxId id = 0; id < boxes_.size(); ++id) {
      Box& box = *boxes_[id];
      if (!box.node || !box.node->deadline() || *box.node->deadline() > monotonic_) continue;
      step(id, DeadlinePassed{});
      settle();
    }
  }
}

void Pump::reset(BoxId a, BoxId b) {
  std::vector<ConnId> between;
  for (const auto& [conn, end] : boxes_[a]->peers) {
    if (end.box == b) between.push_back(conn);
  }
  for (ConnId conn : between) {
    const End other = boxes_[a]->peers[conn];
    boxes_[a]->peers.erase(conn);
    boxes_[b]->peers.erase(other.conn);
    post(a, Closed{conn, CloseReason::kReset});
    post(b, Closed{other.conn, CloseReason::kReset});
  }
  settle();
}

void Pump::crash(BoxId id) {
  die(id);
  settle();
}

void Pump::die(BoxId id) {
  Box& box = *boxes_[id];
  while (!box.peers.empty()) close(id, box.peers.begin()->first, CloseReason::kReset);
  box.node = nullptr;
  ++box.incarnation;
}

void Pump::terminate(BoxId id) {
  step(id, Terminated{});
  settle();
  for (int ms = 0; up(id) && ms < 15'000; ++ms) advance(1);
}

void Pump::start(BoxId id, bool with_files) {
  if (!with_files) boxes_[id]->files.clear();
  boot(id);
  settle();
}

std::string words(const resp::Command& command) {
  std::string bytes;
  resp::append_encoded(command, bytes);
  return bytes;
}

}  // namespace sim
