// postconf - what postconf(1) says of a Postfix, understood
//
// Pure: text of `postconf`, `postconf -M` and `postconf -P` in, values out.
// Lists of Postfix are split at commas and blanks; { ... } is one item.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct PostfixService { // a line of master.cf
    std::string name;   // "smtp", "127.0.0.1:10025"
    std::string type;   // "inet", "unix"
    std::string program;
    bool is_chrooted = false;
    std::map<std::string, std::string, std::less<>> options{}; // its -o name=value
    std::string arguments{}; // of the program, with the options: "user=nobody argv=/usr/bin/x"

    std::string text() const { return name + "/" + type; } // as postconf -M takes it
};

struct PostfixConfig {
    std::map<std::string, std::string, std::less<>> parameters;
    std::vector<PostfixService> services;

    std::string value(std::string_view parameter) const; // empty if there is none
};

struct PostconfText {
    std::string parameters; // postconf
    std::string services;   // postconf -M
    std::string options;    // postconf -P
};

PostfixConfig read_postconf(const PostconfText& text);

// A line of main.cf or master.cf that says nothing: a comment, or blank
bool is_remark(std::string_view line);

std::vector<std::string> split_postfix_list(std::string_view text);

// The items with ", " between them, and a blank between a restriction and its argument.
std::string join_postfix_list(const std::vector<std::string>& items);

} // namespace postern
