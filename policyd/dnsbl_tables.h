// dnsbl_tables - what the files of [dnsbl] say of lists
//
// dnsbl.reply_map and dnsbl.reply_templates are tables as Postfix has them.
// Failure: the Error is "path:line: what" and shows no zone, which may hold a
// key; a public name that holds the key it is to hide is a fault.
// Config: [dnsbl] reply_map, reply_templates
// See: postconf(5), postscreen_dnsbl_reply_map, rbl_reply_maps
#pragma once

#include "common/result.h"
#include "config/config.h"

#include <functional>
#include <map>
#include <string>

namespace postern {

struct DnsblTables {
    std::map<std::string, std::string, std::less<>> public_names; // by zone, lower case
    std::map<std::string, std::string, std::less<>> templates;    // by "zone=filter" or zone; each can be parsed

    bool operator==(const DnsblTables&) const = default;
};

using ReadTextFile = std::function<Result<std::string>(const std::string& path)>;

Result<DnsblTables> read_dnsbl_tables(const DnsblSettings& settings, const ReadTextFile& read_file);

// From the file system, at most a mebioctet. The Error begins with the path.
Result<std::string> read_text_file(const std::string& path);

} // namespace postern
