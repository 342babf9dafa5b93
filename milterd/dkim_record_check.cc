#include "milterd/dkim_record_check.h"

#include "common/text.h"
#include "milterd/dkim_rsa_key.h"
#include "milterd/dkim_tag_list.h"

#include <algorithm>

namespace postern {
namespace {

RecordSight sight(RecordFinding finding, std::string why)
{
    return {finding, std::move(why)};
}

RecordSight mismatch(std::string why)
{
    return sight(RecordFinding::mismatch, std::move(why));
}

// The text of p=, as it stands there; without a tag list, all that comes behind "p=".
std::string key_text(std::string_view record)
{
    if (const auto tags = DkimTagList::parse(record)) {
        const auto* key = tags->find("p");
        return key ? without_folds(key->value) : "";
    }
    const auto at = record.find("p=");
    return at == record.npos ? "" : without_folds(record.substr(at + 2));
}

// How our key's text became that one; empty: it is not ours.
std::string how_it_was_cut(std::string_view there, std::string_view ours)
{
    constexpr std::size_t telling = 24; // fewer characters at an end may be the same in any two keys
    if (there.size() >= ours.size())
        return "";
    if (ours.starts_with(there) && there.size() >= telling)
        return fmt::format("the key is cut off after {} of {} characters: the rest of its strings is missing",
                           there.size(), ours.size());
    if (ours.ends_with(there) && there.size() >= telling)
        return fmt::format("the first {} of {} characters of the key are missing", ours.size() - there.size(),
                           ours.size());
    const auto same = std::mismatch(there.begin(), there.end(), ours.begin()).first - there.begin();
    const auto head = static_cast<std::size_t>(same);
    if (head >= ours.size() / 4 && ours.ends_with(there.substr(head)))
        return fmt::format("{} characters of the key are missing in the middle: one of its strings is lost",
                           ours.size() - there.size());
    return "";
}

// What is wrong with a record that is no key record at all.
std::string why_unreadable(std::string_view record, const std::string& fault)
{
    if (record.find('"') != record.npos)
        return "quotes stand in the record: they were pasted along with its strings";
    if (record.find('\\') != record.npos)
        return "a backslash stands in the record: it was quoted twice";
    if (record.starts_with('(') || record.find("IN TXT") != record.npos)
        return "lines of a zone file were pasted as the record's text";
    if (record.find("p=") == record.npos && record.starts_with("v=DKIM1"))
        return "no p=: the string that holds the key is missing";
    if (record.size() > 100 && record.find('=') >= record.size() - 2)
        return "only a part of the key stands there: the first string is missing";
    return "no key record: " + fault;
}

std::string other_key(const DkimKeyRecord& there, const HeldDkimKey& held)
{
    if (there.key_type != held.type)
        return "";
    if (held.type == DkimKeyType::ed25519)
        return "another Ed25519 key";
    const auto rsa = parse_rsa_public_key(there.public_key);
    return rsa ? fmt::format("another RSA key, of {} bits", rsa->bits()) : "p= holds no whole RSA key";
}

RecordSight compare_key(const DkimKeyRecord& there, std::string_view text, const HeldDkimKey& held)
{
    const auto ours = parse_dkim_key_record(held.record);
    if (!ours)
        return mismatch("our own key has no record");
    const auto tags = DkimTagList::parse(text);
    const bool names_type = tags && tags->find("k") != nullptr;
    if (there.public_key == ours->public_key && there.key_type == held.type)
        return sight(RecordFinding::match, "");
    if (there.public_key == ours->public_key)
        return mismatch(names_type ? fmt::format("k= is wrong: this is an {} key",
                                                 held.type == DkimKeyType::rsa ? "RSA" : "Ed25519")
                                   : "k=ed25519 is missing: without it the key is taken for one of RSA");
    if (auto cut = how_it_was_cut(key_text(text), key_text(held.record)); !cut.empty())
        return mismatch(std::move(cut));
    if (auto other = other_key(there, held); !other.empty())
        return mismatch(std::move(other));
    return mismatch("another key, of another algorithm");
}

RecordSight compare_text(std::string_view text, const HeldDkimKey& held)
{
    const auto there = parse_dkim_key_record(text);
    if (!there) {
        auto cut = how_it_was_cut(key_text(text), key_text(held.record)); // base64 that was cut is often none
        return mismatch(printable(cut.empty() ? why_unreadable(text, there.error().what) : cut));
    }
    if (there->public_key.empty())
        return sight(RecordFinding::revoked, "p= is empty: the key is revoked");
    auto found = compare_key(*there, text, held);
    if (found.finding == RecordFinding::match && !there->permits_sha256)
        found = mismatch("h= does not allow sha256, by which we sign");
    if (found.finding == RecordFinding::match && !there->permits_email)
        found = mismatch("s= does not allow email");
    found.is_testing = there->is_testing;
    return found;
}

bool is_there(const RecordSight& sight)
{
    return sight.finding == RecordFinding::match || sight.finding == RecordFinding::mismatch;
}

// Of all that was seen, what counts: something certain that is wrong, then trouble, then the match.
RecordSight overall(const DkimSight& seen, const DkimRecordReplies& replies)
{
    for (const auto& [server, found] : seen.each)
        if (found.finding != RecordFinding::match && found.finding != RecordFinding::trouble)
            return {found.finding, server + ": " + found.why, found.is_testing};
    const auto& [resolver, first] = seen.each.front();
    if (first.finding == RecordFinding::trouble)
        return {RecordFinding::trouble, resolver + ": " + first.why};
    const auto answers = std::any_of(seen.each.begin() + 1, seen.each.end(), [](const auto& one) {
        return one.second.finding == RecordFinding::match;
    });
    if (replies.has_asked_servers && !answers)
        return {RecordFinding::trouble,
                replies.trouble.empty() ? "none of the zone's own name servers answers" : replies.trouble};
    return first;
}

bool is_gone(const DkimSight& seen, bool has_asked_servers)
{
    const auto says_so = [](const auto& one) { return one.second.finding != RecordFinding::trouble; };
    return says_so(seen.each.front())
        && std::none_of(seen.each.begin(), seen.each.end(), [](const auto& one) { return is_there(one.second); })
        && (!has_asked_servers || std::any_of(seen.each.begin() + 1, seen.each.end(), says_so));
}

} // namespace

std::string_view word_of(RecordFinding finding)
{
    switch (finding) {
    case RecordFinding::match:
        return "match";
    case RecordFinding::mismatch:
        return "mismatch";
    case RecordFinding::missing:
        return "missing";
    case RecordFinding::revoked:
        return "revoked";
    case RecordFinding::trouble:
        return "trouble";
    }
    return "";
}

RecordSight compare_dkim_record(const DnsReply& reply, const HeldDkimKey& held)
{
    switch (reply.status) {
    case DnsStatus::tempfail:
        return sight(RecordFinding::trouble, "no answer");
    case DnsStatus::nxdomain:
        return sight(RecordFinding::missing, "there is no such name");
    case DnsStatus::nodata:
        return sight(RecordFinding::missing, "there is no TXT record");
    case DnsStatus::found:
        break;
    }
    if (reply.records.size() == 1)
        return compare_text(reply.records.front(), held);
    // RFC 6376 3.6.2.2: with several it is undefined which one counts. Strings that were
    // entered as records of their own come here, too.
    return mismatch(fmt::format("{} TXT records stand there; there must be one, with all strings in it",
                                reply.records.size()));
}

DkimSight judge_dkim_sight(const DkimRecordReplies& replies, const HeldDkimKey& held)
{
    DkimSight seen;
    seen.each.emplace_back("resolver", compare_dkim_record(replies.resolver, held));
    for (const auto& server : replies.servers)
        seen.each.emplace_back(server.server, compare_dkim_record(server.reply, held));
    static_cast<RecordSight&>(seen) = overall(seen, replies);
    seen.is_gone = is_gone(seen, replies.has_asked_servers);
    return seen;
}

} // namespace postern
