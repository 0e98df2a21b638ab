// The auditor: reads every key a workload may have touched, once everything has settled.
#pragma once

#include <memory>

#include "sim/client/generator.h"
#include "sim/client/key_space.h"

namespace sim {

// `read` is kRead or kReadList. A key that cannot be read is tried twice more, after all others.
// Last words: Measured "audit_keys", "audit_absent" (read, and not there) and "audit_unread".
std::shared_ptr<const Generator> make_audit(const KeySpace& keys, event::OpKind read);

}  // namespace sim
