#include "milterd/dkim_key_view.h"

#include "common/text.h"
#include "milterd/dkim_private_key.h"

#include <sysexits.h>

namespace postern {

struct DkimKeyView::Key {
    DkimRecord record; // its text is empty: the key cannot be used
    std::string path;
    DkimKeyType type = DkimKeyType::rsa;
    std::optional<DkimKeyState> state{}; // none: the configuration names it
    std::optional<Timestamp> since{};
    std::string fault{};

    std::string_view shown_state() const { return state ? word_of(*state) : "named"; }
};

namespace {

bool matches(const DkimKeyFilter& filter, std::string_view domain, std::string_view selector)
{
    const auto fits = [](std::string_view wanted, std::string_view is) {
        return wanted.empty() || equals_ignoring_case(wanted, is);
    };
    return fits(filter.domain, domain) && fits(filter.selector, selector)
        && (fits(filter.name, domain) || fits(filter.name, selector));
}

} // namespace

DkimKeyView::DkimKeyView(DkimAdminParts& parts)
    : parts_(parts)
{
}

void DkimKeyView::complain(const Error& fault)
{
    parts_.complain(fault.what);
    has_failed_ = true;
}

std::vector<DkimKeyView::Key> DkimKeyView::keys_of(const DkimKeyFilter& filter)
{
    std::vector<Key> keys;
    for (const auto& entry : parts_.named) {
        if (!matches(filter, entry.domain, entry.selector))
            continue;
        Key key{{entry.domain, entry.selector, ""}, entry.path};
        key.fault = entry.fault;
        if (entry.key != nullptr) {
            key.type = entry.key->type();
            key.record.text = entry.key->record();
        }
        keys.push_back(std::move(key));
    }
    if (parts_.store.folder().empty())
        return keys;
    const auto domains = parts_.store.domains();
    if (!domains)
        complain(domains.error());
    else
        for (const auto& domain : *domains)
            add_managed(domain, filter, keys);
    return keys;
}

void DkimKeyView::add_managed(const std::string& name, const DkimKeyFilter& filter, std::vector<Key>& keys)
{
    const auto domain = parts_.store.load(name);
    if (!domain) {
        complain(domain.error());
        return;
    }
    if (!*domain)
        return;
    for (const auto& managed : (*domain)->keys) {
        if (!matches(filter, name, managed.selector))
            continue;
        Key key{{name, managed.selector, ""}, parts_.store.key_path(name, managed.selector), managed.type, managed.state,
                managed.since};
        if (const auto loaded = load_dkim_key(key.path))
            key.record.text = with_dkim_tags(loaded->key->record(), managed.tags);
        else
            key.fault = loaded.error().what;
        keys.push_back(std::move(key));
    }
}

RecordFinding DkimKeyView::check_key(const Key& key)
{
    const auto sight = judge_dkim_sight(parts_.look_up(key.record.name()), {key.type, key.record.text});
    const auto shown = [](const RecordSight& seen) {
        return fmt::format("{}{}{}", word_of(seen.finding), seen.is_testing ? ", testing (t=y)" : "",
                           seen.why.empty() ? "" : ": " + seen.why);
    };
    parts_.print(fmt::format("{} ({}, {}): {}\n", key.record.name(), word_of(key.type), key.shown_state(), shown(sight)));
    for (const auto& [server, seen] : sight.each)
        parts_.print(fmt::format("  {}: {}\n", server, shown(seen)));
    return sight.finding;
}

int DkimKeyView::check(const DkimKeyFilter& filter)
{
    const auto keys = keys_of(filter);
    if (keys.empty() && !has_failed_)
        complain({"there is no such key"});
    bool has_trouble = false;
    for (const auto& key : keys) {
        if (key.record.text.empty()) {
            complain({key.fault});
            continue;
        }
        const auto finding = check_key(key);
        has_trouble |= finding == RecordFinding::trouble;
        has_failed_ |= finding != RecordFinding::match && finding != RecordFinding::trouble
            && key.state != DkimKeyState::retired; // which may be there or not
    }
    return has_failed_ ? 1 : has_trouble ? EX_TEMPFAIL : 0;
}

int DkimKeyView::check_file(const DkimKeyFilter& named, const std::string& path)
{
    if (named.domain.empty() || named.selector.empty()) {
        complain({"of which domain and selector is " + path + "? --domain and --selector say it"});
        return 1;
    }
    const std::vector<DkimDomain> one{{.domain = named.domain, .selector = named.selector, .key = path}};
    const auto key = DkimKeys::load(one);
    parts_.named = key.entries();
    parts_.store = DkimKeyStore("");
    for (const auto& warning : key.warnings())
        parts_.complain(warning);
    return check({});
}

int DkimKeyView::list(const DkimKeyFilter& filter)
{
    for (const auto& key : keys_of(filter)) {
        const bool is_unknown = key.record.text.empty() && !key.state;
        parts_.print(fmt::format("{} {} {} {} {} {}\n", key.record.domain, key.record.selector,
                                 is_unknown ? "-" : word_of(key.type), key.shown_state(),
                                 key.since ? shown_time(*key.since) : "-", key.path));
        if (!key.fault.empty())
            complain({key.fault});
    }
    return has_failed_ ? 1 : 0;
}

int DkimKeyView::zone(const DkimKeyFilter& filter, std::optional<std::int64_t> ttl)
{
    for (const auto& key : keys_of(filter)) {
        if (key.state == DkimKeyState::retired)
            parts_.print(fmt::format("; {}. is retired and may go\n", key.record.name()));
        else if (key.record.text.empty())
            complain({key.fault});
        else
            parts_.print(dkim_record_zone_text(key.record, {.has_domain = true, .ttl = ttl}));
    }
    return has_failed_ ? 1 : 0;
}

} // namespace postern
