// daemon - what both daemons do alike as they start
//
// Sockets as [policyd] and [milterd] set them, each by its name for socket
// activation ("policyd-control"), enough descriptors, and how faults and
// warnings of a configuration are said.
// Failure: the Error says which socket cannot be opened.
#pragma once

#include "common/file_descriptor.h"
#include "common/log.h"
#include "common/result.h"
#include "config/config.h"

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

class Service;

std::string joined(const std::vector<Error>& faults);           // in one line
void print(const std::vector<Error>& faults, std::FILE* to); // one a line
void log_warnings(Log& log, const std::vector<std::string>& warnings);

Result<FileDescriptor> open_listener(const DaemonSettings& settings, std::string activation_name);
Result<> open_control(Service& service, const DaemonSettings& settings, std::string activation_name);
Result<FileDescriptor> open_metrics(const DaemonSettings& settings, std::string activation_name); // none if not wanted

// The soft limit is 1024 nearly everywhere. `setting`: what is too high if no more can be had.
void raise_descriptor_limit(std::size_t wanted, std::string_view setting, Log& log);

} // namespace postern
