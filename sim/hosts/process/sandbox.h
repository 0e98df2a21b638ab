// Where unmodified programs run: namespaces of their own for process ids and mounts, with a private
// /dev/shm. When its first process, which is the driver, is gone, the kernel ends all others and
// forgets the files: nothing is left behind, whatever happens.
#pragma once

#include <cstdint>
#include <string>

namespace sim::process {

// The rest of this process's work happens in a child that is process 1 of a new sandbox; the caller
// stays outside, passes signals on, and ends with the child's exit code. Returns in the child.
// An empty text: all is well. Otherwise why the kernel does not allow it, as a sentence for the user.
std::string enter_sandbox();
bool inside_sandbox();

// Inside: makes the next process or thread get this number. Numbers are given in order, so that a
// program sees the same ones in every run.
void prepare_pid(std::int32_t pid);
std::int32_t next_pid();

// Inside: the folder for regions and machines' directories, and the preload library in it.
inline constexpr char kSandboxFolder[] = "/dev/shm/slotsim";
inline constexpr char kPreloadFile[] = "/dev/shm/slotsim/preload.so";

// Inside: makes an empty folder, whatever was there. If `bytes` is not 0 it is a disk of its own
// that holds so many (in whole pages), and is full after that. The answer is as of enter_sandbox.
std::string clear_folder(const std::string& folder, std::uint64_t bytes);

}  // namespace sim::process
