#include "milterd/dkim_sign_field.h"

#include "common/text.h"
#include "milterd/dkim_base64.h"

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

constexpr std::string_view unsignable_names[] = {
    "received", "return-path", "delivered-to", "bcc", "dkim-signature", "authentication-results", "received-spf",
};

// Fills lines with pieces that stay whole.
class FoldedText {
public:
    explicit FoldedText(std::size_t column)
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

std::vector<std::string> fields_to_sign(std::span<const std::string> names, std::span<const std::string> oversign)
{
    std::vector<std::string> wanted(std::begin(signed_names), std::end(signed_names));
    const auto is_in = [](std::span<const std::string> list, std::string_view name) {
        return std::any_of(list.begin(), list.end(),
                           [name](const std::string& other) { return equals_ignoring_case(other, name); });
    };
    for (const auto& name : oversign)
        if (!is_in(wanted, name))
            wanted.push_back(name);

    std::vector<std::string> fields;
    std::size_t octets = 0;
    for (const auto& name : wanted) {
        const auto there = static_cast<std::size_t>(std::count(names.begin(), names.end(), to_lower(name)));
        const auto count = std::min(there + (is_in(oversign, name) ? 1 : 0), fields_of_one_name);
        octets += count * (name.size() + 1);
        if (octets > signed_octets)
            break;
        fields.insert(fields.end(), count, name);
    }
    return fields;
}

Result<> check_oversign(std::string_view field_name)
{
    const auto name = to_lower(field_name);
    const auto is_wrong = [](char c) { return c <= ' ' || c > '~' || c == ':' || c == ';'; };
    if (name.empty() || std::any_of(name.begin(), name.end(), is_wrong))
        return fail("\"{}\" is no name of a header field", printable(field_name, 80));
    if (name.starts_with("arc-")
        || std::find(std::begin(unsignable_names), std::end(unsignable_names), name) != std::end(unsignable_names))
        return fail("{} changes on the way and cannot be signed", field_name);
    return {};
}

std::string write_dkim_signature(const DkimSignatureText& text, std::string_view signature)
{
    constexpr std::size_t name_width = 16; // "DKIM-Signature: "
    FoldedText out(name_width);
    out.add("v=1;", "");
    out.add(text.key_type == DkimKeyType::rsa ? "a=rsa-sha256;" : "a=ed25519-sha256;", " ");
    out.add(fmt::format("c={}/{};", name_of(text.header_canonicalization), name_of(text.body_canonicalization)), " ");
    out.add(fmt::format("d={};", text.signing_domain), " ");
    out.add(fmt::format("s={};", text.selector), " ");
    out.add(fmt::format("t={};", text.signed_at), " ");
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
