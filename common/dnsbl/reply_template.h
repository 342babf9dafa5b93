// reply_template - the text of a refusal, as Postfix's default_rbl_reply has it
//
// One level of $name: $client, $client_address, $client_name,
// $reverse_client_name, $helo_name, $rbl_class, $rbl_code, $rbl_domain,
// $rbl_reason, $rbl_what, $sender, $sender_name, $sender_domain and the same
// three of $recipient. Also ${name}, $(name), and ${name?text},
// ${name?{text}}, ${name:text}, ${name:{text}}, ${name?{text}:{text}}; $$ is a
// dollar sign. What a value holds is never looked at again.
// Failure: the Error says which name or brace is not understood.
// See: postconf(5), default_rbl_reply
#pragma once

#include "common/result.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

class ReplyTemplate {
public:
    static Result<ReplyTemplate> parse(std::string_view text);

    // The value of a name; valid until it is asked for the next one.
    using Values = std::function<std::string_view(std::string_view name)>;

    // At most `limit` octets of it.
    std::string expand(const Values& values, std::size_t limit = 512) const;

    bool uses(std::string_view name) const;

private:
    // A text, or a name with what stands for it when it has a value and when it has none.
    struct Part {
        std::string text;
        std::string_view name{}; // of the table of names; empty: a text
        bool is_conditional = false;
        std::vector<Part> if_set{}, if_empty{};
    };
    using Parts = std::vector<Part>;
    class Parser;

    static void expand(const Parts& parts, const Values& values, std::size_t limit, std::string& out);
    static bool uses(const Parts& parts, std::string_view name);

    Parts parts_;
};

// For a row of the settings: it can be parsed, and begins with a code as Postfix wants it,
// "$rbl_code" or a number from 400 to 599.
Result<> check_reply_template(std::string_view text);

} // namespace postern
