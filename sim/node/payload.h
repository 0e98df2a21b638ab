// What travels on a connection: immutable, shared, and able to say how big it is and what it is
// called.
//
// Between two of our own nodes a payload is the already decoded message, cut to wire precision when
// it was built, so that a 1,000-node gossip storm need not serialise 12 kB per packet. A real wire
// sees `bytes()`. Whoever receives a payload recognises its own kinds by `dynamic_cast` (or
// `kind()`), and treats anything else as a stretch of the byte stream.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace sim {

class Payload;
using PayloadRef = boost::intrusive_ptr<const Payload>;

enum class PayloadKind : std::uint8_t { kBytes, kBus, kRequest, kReply, kReplication };

class Payload : public boost::intrusive_ref_counter<Payload, boost::thread_unsafe_counter> {
 public:
  virtual ~Payload() = default;

  virtual PayloadKind kind() const = 0;
  // Exactly how many bytes `bytes()` has; bandwidth, buffers and offsets count these.
  virtual std::size_t size() const = 0;
  // The wire form.
  virtual std::string bytes() const = 0;
  // What a fault calls it: "bus:PING", "bus:FAILOVER_AUTH_REQUEST", "cmd:SET", "reply",
  // "repl:STREAM". Good as long as the payload.
  virtual std::string_view label() const = 0;
  // Hash of every decoded field, at wire precision: what the digest folds when this is delivered.
  virtual std::uint64_t hash() const = 0;
  // Encoded and decoded again, as if it had crossed a real wire. Null if what was encoded does not
  // decode: our own bug, which the caller CHECKs. Must hash equal to this one; `--wire` runs are
  // built on it.
  virtual PayloadRef through_wire() const = 0;
};

// Raw bytes off a real wire: any stretch of the stream, with no message boundaries promised. Who
// knows what they are may say so with a label; they are delivered and hashed as bytes all the same.
class RawBytes final : public Payload {
 public:
  explicit RawBytes(std::string bytes, std::string label = "bytes")
      : bytes_(std::move(bytes)), label_(std::move(label)) {}
  PayloadKind kind() const override { return PayloadKind::kBytes; }
  std::size_t size() const override { return bytes_.size(); }
  std::string bytes() const override { return bytes_; }
  std::string_view label() const override { return label_; }
  std::uint64_t hash() const override;
  PayloadRef through_wire() const override { return PayloadRef(new RawBytes(bytes_, label_)); }
  const std::string& view() const { return bytes_; }

 private:
  std::string bytes_, label_;
};

}  // namespace sim
