#include "milterd/dkim_sign_field.h"

#include "common/text.h"
#include "milterd/dkim_base64.h"
#include "milterd/dkim_field_set.h"

#include <algorithm>

namespace postern {
namespace {

// RFC 6376 5.4.1, and what a reader sees besides: Message-ID and the MIME fields. Those of mailing
// lists (RFC 2369, RFC 2919), and List-Unsubscribe-Post, which has to be signed (RFC 8058 4). No trace
// fields: they change on the way.
constexpr std::string_view signed_names[] = {
    "From", "Sender", "Reply-To", "Subject", "Date", "Message-ID", "To", "Cc",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-ID", "Content-Description",
    "In-Reply-To", "References",
    "Resent-From", "Resent-Sender", "Resent-Date", "Resent-Message-ID", "Resent-To", "Resent-Cc",
    "List-Id", "List-Help", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe", "List-Post",
    "List-Owner", "List-Archive",
};

// Bounds on h=, for a mail with a thousand Cc fields: the rest of them stays unsigned.
constexpr std::size_t fields_of_one_name = 10;
constexpr std::size_t signed_octets = 2000;

// OpenDKIM's, of which RFC 6376 5.4 says that they SHOULD NOT be signed
constexpr std::string_view omitted_names[] = {
    "Return-Path", "Received", "Comments", "Keywords", "Bcc", "Resent-Bcc", "DKIM-Signature",
};

constexpr std::string_view unsignable_names[] = {
    "received", "return-path", "delivered-to", "bcc", "resent-bcc", "dkim-signature", "authentication-results", "received-spf",
};

// Fills lines with pieces that stay whole.
class FoldedField {
public:
    explicit FoldedField(std::size_t column)
        : column_(column)
    {
    }

    void add(std::string_view piece, std::string_view gap) // `gap` is left out where the line is folded
    {
        if (column_ + gap.size() + piece.size() > line_limit)
            fold();
        else
            append(gap);
        append(piece);
    }

    void add_anywhere_folded(std::string_view text)
    {
        while (!text.empty()) {
            if (column_ >= line_limit)
                fold();
            const auto piece = text.substr(0, line_limit - column_);
            append(piece);
            text.remove_prefix(piece.size());
        }
    }

    void fold()
    {
        text_ += "\n\t";
        column_ = tab_width;
    }

    std::string take() { return std::move(text_); }

private:
    static constexpr std::size_t line_limit = 78; // RFC 5322 2.1.1
    static constexpr std::size_t tab_width = 8;

    void append(std::string_view text)
    {
        text_ += text;
        column_ += text.size();
    }

    std::string text_;
    std::size_t column_;
};

std::string_view name_of(DkimCanonicalization canonicalization)
{
    return canonicalization == DkimCanonicalization::simple ? "simple" : "relaxed";
}

} // namespace

namespace {

bool is_in(std::span<const std::string> list, std::string_view name)
{
    return std::any_of(list.begin(), list.end(),
                       [name](const std::string& other) { return equals_ignoring_case(other, name); });
}

// Some fields are changed or added on the way, by us or by others.
Result<> check_signable(std::string_view field_name)
{
    const auto name = to_lower(field_name);
    if (name.starts_with("arc-")
        || std::find(std::begin(unsignable_names), std::end(unsignable_names), name) != std::end(unsignable_names))
        return fail("{} changes on the way and cannot be signed", field_name);
    return {};
}

std::size_t octets_of(std::span<const std::string> names)
{
    std::size_t octets = 0;
    for (const auto& name : names)
        octets += name.size() + 1;
    return octets;
}

} // namespace

Result<DkimFieldSets> make_field_sets(std::span<const std::string> signed_fields, std::span<const std::string> omitted,
                                      std::span<const std::string> oversigned)
{
    const auto wanted = change_field_set(signed_fields, signed_names);
    if (!wanted)
        return fail("dkim.signed_fields: {}", wanted.error().what);
    const auto left_out = change_field_set(omitted, omitted_names);
    if (!left_out)
        return fail("dkim.omitted_fields: {}", left_out.error().what);
    constexpr std::string_view from[] = {"From"};
    auto over = change_field_set(oversigned, from);
    if (!over)
        return fail("dkim.oversign: {}", over.error().what);

    DkimFieldSets sets;
    sets.signed_fields.emplace_back("From"); // RFC 6376 5.4
    const auto add = [&](const std::string& name) {
        if (!is_in(sets.signed_fields, name))
            sets.signed_fields.push_back(name);
    };
    for (const auto& name : *wanted) {
        if (is_in(*left_out, name))
            continue;
        if (const auto good = check_signable(name); !good)
            return fail("dkim.signed_fields: {}", good.error().what);
        add(name);
    }
    for (const auto& name : *over) {
        if (const auto good = check_signable(name); !good)
            return fail("dkim.oversign: {}", good.error().what);
        add(name);
    }
    sets.oversigned = std::move(*over);
    if (octets_of(sets.signed_fields) + octets_of(sets.oversigned) > signed_octets)
        return fail("dkim.signed_fields: more than fits into a signature, {} octets", signed_octets);
    return sets;
}

std::vector<std::string> fields_to_sign(std::span<const std::string> names, const DkimFieldSets& sets)
{
    // One of each name, and the one more that is oversigned, have room; of the rest as many as fit.
    std::size_t room = signed_octets - octets_of(sets.signed_fields) - octets_of(sets.oversigned);
    std::vector<std::string> fields;
    for (const auto& name : sets.signed_fields) {
        const auto there = static_cast<std::size_t>(std::count(names.begin(), names.end(), to_lower(name)));
        const std::size_t over = is_in(sets.oversigned, name) ? 1 : 0;
        auto count = std::min(there, std::size_t{1}) + over;
        while (count < std::min(there + over, fields_of_one_name) && room > name.size()) {
            room -= name.size() + 1;
            ++count;
        }
        fields.insert(fields.end(), count, name);
    }
    return fields;
}

std::string write_dkim_signature(const DkimSignatureText& text, std::string_view signature)
{
    constexpr std::size_t name_width = 16; // "DKIM-Signature: "
    FoldedField out(name_width);
    out.add("v=1;", "");
    out.add(text.key_type == DkimKeyType::rsa ? "a=rsa-sha256;" : "a=ed25519-sha256;", " ");
    out.add(fmt::format("c={}/{};", name_of(text.header_canonicalization), name_of(text.body_canonicalization)), " ");
    out.add(fmt::format("d={};", text.signing_domain), " ");
    out.add(fmt::format("s={};", text.selector), " ");
    if (!text.identity.empty())
        out.add(fmt::format("i={};", text.identity), " ");
    out.add(fmt::format("t={};", text.signed_at), " ");
    if (text.expires_at != 0)
        out.add(fmt::format("x={};", text.expires_at), " ");
    for (std::size_t i = 0; i < text.signed_fields.size(); ++i) {
        const bool is_last = i + 1 == text.signed_fields.size();
        const auto piece = fmt::format("{}{}{}", i == 0 ? "h=" : "", text.signed_fields[i], is_last ? ";" : ":");
        out.add(piece, i == 0 ? " " : "");
    }
    out.add(fmt::format("bh={};", encode_base64(text.body_hash)), " ");
    out.fold();
    out.add("b=", "");
    out.add_anywhere_folded(encode_base64(signature));
    return out.take();
}

} // namespace postern
