// postfix_warnings - what is wrong with a Postfix that asks us, whatever its lists say
//
// Pure. Each is a sentence or two for the operator.
// See: "Postfix as the other end" in MILTER_README, SMTPD_PROXY_README, FILTER_README
#pragma once

#include "config/config.h"
#include "config/postconf.h"

#include <string>
#include <vector>

namespace postern {

std::vector<std::string> postfix_warnings(const PostfixConfig& postfix, const Config& config);

// For a socket that is not below the queue directory, where a chrooted program cannot reach it.
std::vector<std::string> chroot_warnings(const PostfixConfig& postfix, const std::string& socket_path,
                                         const Config& config);

// What is not wrong, but worth a thought.
std::vector<std::string> postfix_remarks(const PostfixConfig& postfix, const Config& config);

} // namespace postern
