#include "common/spf/received_spf.h"

#include "common/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

namespace {

void require(bool condition)
{
    if (!condition)
        std::abort();
}

// Takes what the grammar of RFC 7208 9.1 allows and nothing else: result [comment] key=value *(; key=value)
void read_field(std::string_view field)
{
    require(field.size() < postern::max_received_spf);
    require(std::all_of(field.begin(), field.end(), [](char c) { return c >= 0x20 && c < 0x7f; }));
    require(field.starts_with("Received-SPF: "));
    field.remove_prefix(14);
    field.remove_prefix(std::min(field.find(' '), field.size())); // the result

    if (field.starts_with(" (")) {
        field.remove_prefix(2);
        const auto end = field.find_first_of("()\\\"");
        require(end != std::string_view::npos && field[end] == ')');
        field.remove_prefix(end + 1);
    }
    static constexpr std::array<std::string_view, 7> keys{"client-ip", "identity", "envelope-from", "helo", "receiver",
                                                          "mechanism", "problem"};
    for (auto key = keys.begin();; ++key) { // each at most once, in this order
        require(field.starts_with(' '));
        field.remove_prefix(1);
        const auto name = field.substr(0, field.find('='));
        key = std::find(key, keys.end(), name);
        require(key != keys.end());
        field.remove_prefix(name.size() + 1);
        if (field.starts_with('"')) {
            std::size_t end = 1;
            while (end < field.size() && field[end] != '"')
                end += field[end] == '\\' ? 2 : 1;
            require(end < field.size());
            field.remove_prefix(end + 1);
        } else {
            const auto end = std::min(field.find_first_of(" ;\"()<>@,:\\[]"), field.size());
            require(end > 0);
            field.remove_prefix(end);
        }
        if (field.empty())
            return;
        require(field.starts_with(';'));
        field.remove_prefix(1);
    }
}

// Nothing outside of quoted strings but our own words, a result and a domain.
void read_auth_results(std::string_view field)
{
    require(field.size() < postern::max_received_spf);
    require(field.starts_with("Authentication-Results: mx.example.org; spf="));
    field.remove_prefix(44);
    bool is_quoted = false;
    for (std::size_t i = 0; i < field.size(); ++i) {
        require(field[i] >= 0x20 && field[i] < 0x7f);
        if (is_quoted && field[i] == '\\')
            ++i;
        else if (field[i] == '"')
            is_quoted = !is_quoted;
        else if (!is_quoted)
            require(std::string_view(";()<>@,:\\/[]?").find(field[i]) == std::string_view::npos);
    }
    require(!is_quoted);
}

} // namespace

// One value a line: nothing, address, HELO name, domain, receiver, mechanism, problem.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::array<std::string, 7> values;
    std::size_t at = 0;
    for (const auto line : postern::split({reinterpret_cast<const char*>(data), size}, '\n')) {
        values[at] += line;
        at = at + 1 < values.size() ? at + 1 : at; // the last takes line ends too
    }
    const auto ip = *postern::parse_ip_address(size % 2 ? "192.0.2.1" : "2001:db8::1");
    postern::SpfAnswer answer;
    answer.result = static_cast<postern::SpfResult>(size % 7);
    answer.mechanism = values[5];
    answer.problem = values[6];
    for (const auto identity : {postern::SpfIdentity::mail_from, postern::SpfIdentity::helo}) {
        const postern::SpfMail mail{identity, ip, values[3], values[1], values[2], values[4]};
        const auto field = postern::write_received_spf(mail, answer);
        read_field(field);
        auto prepared = answer;
        postern::prepare_received_spf(ip, values[3], prepared);
        require(postern::write_received_spf(mail, prepared) == field);
        read_auth_results(postern::write_spf_auth_results("mx.example.org", mail, answer));
    }
    return 0;
}
