#include "milterd/explanation.h"

#include "common/attribute_list.h"
#include "common/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace postern {
namespace {

constexpr std::size_t postfix_chunk_size = 65'535; // as Postfix cuts a body

// Keeps what would have been changed.
class Recorder final : public MessageEditor {
public:
    explicit Recorder(std::vector<std::string>& changes)
        : changes_(changes)
    {
    }

    bool remove_header(const std::string& name, std::size_t occurrence) override
    {
        changes_.push_back(fmt::format("remove {} {}", name, occurrence));
        return true;
    }
    bool insert_header(const std::string& name, const std::string& value) override
    {
        changes_.push_back(fmt::format("insert {}: {}", name, value));
        return true;
    }
    bool quarantine(const std::string& reason) override
    {
        changes_.push_back(fmt::format("quarantine {}", reason));
        return true;
    }

private:
    std::vector<std::string>& changes_;
};

std::string reply_of(const SessionAnswer& answer)
{
    switch (answer.kind) {
    case SessionAnswer::Kind::proceed:
    case SessionAnswer::Kind::accept:
        return "accept";
    case SessionAnswer::Kind::discard:
        return "discard: taken, and thrown away";
    case SessionAnswer::Kind::defer:
    case SessionAnswer::Kind::reject:
        break;
    }
    return fmt::format("{} {} {}", answer.reply.code, answer.reply.status, answer.reply.text);
}

bool is_ascii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// RFC 6531: a header with other characters can only have come with SMTPUTF8
bool needs_smtputf8(const ExplainEnvelope& envelope, const MailFile& mail)
{
    return !is_ascii(envelope.sender) || !is_ascii(envelope.recipient)
        || std::any_of(mail.header.begin(), mail.header.end(),
                       [](const HeaderField& field) { return !is_ascii(field.value); });
}

std::string_view take_line(std::string_view& text)
{
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

// "412us", "12.3ms", "2.50s"
std::string duration(std::chrono::microseconds time)
{
    const auto us = static_cast<double>(time.count());
    if (us < 1e3)
        return fmt::format("{}us", us);
    return us < 1e6 ? fmt::format("{:.1f}ms", us / 1e3) : fmt::format("{:.2f}s", us / 1e6);
}

void add_line(std::string& text, std::string_view name, std::string_view value)
{
    text += fmt::format("{:<14} {}\n", name, printable(value, 1000));
}

std::string described(const JudgedFilter& filter)
{
    const bool is_held_back = filter.is_observed && filter.action != FilterAction::accept;
    return fmt::format("{:<16} {:>8}  {}",
                       fmt::format("{}{}", is_held_back ? "would-" : "", filter_action_name(filter.action)),
                       duration(filter.took), filter.reason);
}

void add_change(std::string& text, std::string_view change)
{
    std::string_view name = "change";
    for (const auto line : split(change, '\n')) {
        add_line(text, name, line.starts_with('\t') ? fmt::format("    {}", line.substr(1)) : std::string(line));
        name = "";
    }
}

} // namespace

Result<ExplainEnvelope> parse_explain_envelope(std::string_view line)
{
    const auto attributes = parse_attributes(line);
    if (!attributes)
        return tl::unexpected(attributes.error());
    ExplainEnvelope envelope;
    bool has_client = false;
    for (const auto& [name, value] : *attributes) {
        if (value.find('\n') != std::string::npos || value.find('\0') != std::string::npos)
            return fail("{}: holds a line feed or a NUL", name);
        if (name == "client_address") {
            const auto client = parse_ip_address(value);
            if (!client)
                return fail("client_address: \"{}\" is no IP address", printable(value, 80));
            envelope.client = *client;
            has_client = true;
        } else if (name == "client_name") {
            envelope.client_name = value;
        } else if (name == "helo_name") {
            envelope.helo = value;
        } else if (name == "sender") {
            envelope.sender = value;
        } else if (name == "recipient") {
            envelope.recipient = value;
        } else if (name == "sasl_username") {
            envelope.login = value;
        } else if (name != "reverse_client_name") {
            return fail("no such attribute: {}", printable(name, 80));
        }
    }
    if (!has_client)
        return fail("client_address: is missing");
    return envelope;
}

MailFile read_mail_file(std::string_view text)
{
    MailFile mail;
    if (text.starts_with("From "))
        take_line(text);
    while (!text.empty()) {
        const auto before = text;
        const auto line = take_line(text);
        if (line.empty())
            break;
        const bool is_fold = line.front() == ' ' || line.front() == '\t';
        const auto colon = line.find(':');
        if (is_fold && !mail.header.empty()) {
            mail.header.back().value.append("\n").append(line);
        } else if (!is_fold && colon != line.npos && colon > 0) {
            mail.header.push_back({std::string(line.substr(0, colon)), std::string(line.substr(colon + 1))});
        } else { // no field: the body begins without an empty line, as Postfix has it
            text = before;
            break;
        }
    }
    while (!text.empty())
        mail.body.append(take_line(text)).append("\r\n");
    return mail;
}

void explain_mail(std::shared_ptr<SessionHost> host, const ExplainEnvelope& envelope, const MailFile& mail,
                  Explanation& explanation)
{
    Session session(std::move(host));
    Recorder recorder(explanation.changes);
    constexpr std::string_view queue_id = "EXPLAIN";
    constexpr std::uint16_t any_port = 25252; // 0 would be Postfix's own mail
    auto answer = session.connect({envelope.client_name, envelope.client, any_port, ""});
    if (answer.kind == SessionAnswer::Kind::proceed) {
        session.helo(envelope.helo);
        const char* const parameters[] = {"SMTPUTF8"};
        const auto count = needs_smtputf8(envelope, mail) ? 1U : 0U;
        answer = session.mail(envelope.sender, std::span(parameters, count), envelope.login);
    }
    if (answer.kind == SessionAnswer::Kind::proceed) {
        if (!envelope.recipient.empty())
            session.rcpt(envelope.recipient);
        for (const auto& field : mail.header)
            session.header(field.name, field.value);
        session.end_of_header(queue_id);
        for (std::size_t at = 0; at < mail.body.size(); at += postfix_chunk_size)
            session.body(std::span(mail.body).subspan(at, std::min(postfix_chunk_size, mail.body.size() - at)));
        answer = session.end_of_message(queue_id, recorder);
    }
    explanation.reply = reply_of(answer);
}

std::string write_explanation(const ExplainEnvelope& envelope, const Explanation& explanation)
{
    std::string text;
    add_line(text, "client", fmt::format("{} ({})", envelope.client.text(), envelope.client_name));
    add_line(text, "helo", envelope.helo);
    add_line(text, "sender", envelope.sender.empty() ? "<>" : envelope.sender);
    if (!envelope.recipient.empty())
        add_line(text, "recipient", envelope.recipient);
    if (!envelope.login.empty())
        add_line(text, "login", envelope.login);
    if (!explanation.judged.origin.empty())
        add_line(text, "whose", explanation.judged.origin);
    text += '\n';
    for (const auto& filter : explanation.judged.filters)
        add_line(text, filter.name, described(filter));
    text += '\n';
    for (const auto& change : explanation.changes)
        add_change(text, change);
    if (!explanation.judged.decided_by.empty())
        add_line(text, "decided by", explanation.judged.decided_by);
    add_line(text, "Postfix is told", explanation.reply);
    return text;
}

} // namespace postern
