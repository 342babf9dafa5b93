// Any verdict becomes one line that Postfix cannot take for acceptance, and an empty line.
// Input: an octet for the action, two for the code, then status, text and header between '|'.
#include "policyd/policy_reply.h"

#include "common/text.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

void must(bool holds)
{
    if (!holds)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace postern;
    if (size < 3)
        return 0;
    Verdict verdict;
    verdict.action = static_cast<Action>(data[0] % (static_cast<int>(Action::warn) + 1));
    verdict.code = data[1] * 256 + data[2];
    const std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
    const auto parts = split(rest, '|');
    verdict.status = parts[0];
    if (parts.size() > 1)
        verdict.text = parts[1];
    if (parts.size() > 2)
        verdict.header = parts[2];

    const auto reply = policy_reply(verdict);
    must(reply.size() < 1024 && reply.rfind("action=", 0) == 0);
    must(reply.find('\n') == reply.size() - 2 && reply.back() == '\n');
    const std::string_view line(reply.data(), reply.size() - 2);
    must(std::all_of(line.begin(), line.end(), [](char c) { return c >= 0x20 && c < 0x7f; }));

    const auto words = split_words(line.substr(7));
    must(!words.empty() && !equals_ignoring_case(words[0], "OK") && !equals_ignoring_case(words[0], "PERMIT"));
    if (is_digit(words[0][0])) { // "550 5.7.1 text": a class for both, and a text
        must(words.size() >= 3 && words[0].size() == 3 && (words[0][0] == '4' || words[0][0] == '5'));
        must(words[1][0] == words[0][0] && words[1][1] == '.');
    }
    if (verdict.is_refusal())
        must(words.size() >= 3);
    return 0;
}
