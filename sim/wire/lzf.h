// LZF, the compression of strings in an RDB file. Only read: what we write is not compressed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sim {

// nullopt: rubbish, or not exactly `size` bytes. Never makes more than the input can pay for,
// whatever it claims.
std::optional<std::string> lzf_expand(std::string_view packed, std::uint64_t size);

}  // namespace sim
