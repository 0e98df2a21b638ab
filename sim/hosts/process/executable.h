// What the file of a program says about it before it is started.
#pragma once

#include <string>

namespace sim::process {

// Why the host cannot run the program, in words that go on after its name: "is linked statically,
// ...". Empty: it can, as far as the file tells.
std::string why_not_hosted(const std::string& file);

}  // namespace sim::process
