#include "milterd/dkim_key_change.h"

#include "common/mail_address.h"
#include "common/text.h"
#include "config/checkers.h"
#include "milterd/dkim_new_key.h"
#include "milterd/dkim_private_key.h"

#include <algorithm>

namespace postern {

struct DkimKeyChange::Made {
    std::string pem;
    std::string record;
};

namespace {

Result<std::string> read_domain(const std::string& text)
{
    if (text.empty())
        return fail("names no domain");
    if (const auto fits = check_domain(text); !fits)
        return tl::unexpected(fits.error());
    return to_a_labels(text);
}

// A selector as it stands in the DNS and in the name of a file.
Result<std::string> read_selector(const std::string& text)
{
    if (const auto fits = check_selector(text); !fits)
        return tl::unexpected(fits.error());
    return to_lower(text);
}

std::string selector_for(const std::string& base, DkimKeyType type, bool has_rsa)
{
    return type == DkimKeyType::ed25519 && has_rsa ? base + "-ed25519" : base;
}

std::vector<std::string> selectors_for(const std::string& base, const std::vector<DkimKeyType>& types)
{
    const bool has_rsa = std::find(types.begin(), types.end(), DkimKeyType::rsa) != types.end();
    std::vector<std::string> selectors;
    for (const auto type : types)
        selectors.push_back(selector_for(base, type, has_rsa));
    return selectors;
}

std::string shown_duration(std::chrono::seconds time)
{
    return fmt::format("{}h{:02}m", time.count() / 3600, time.count() % 3600 / 60);
}

std::string name_of(const ManagedDkimDomain& domain, const ManagedDkimKey& key)
{
    return key.selector + "._domainkey." + domain.domain;
}

} // namespace

DkimKeyChange::DkimKeyChange(DkimAdminParts& parts)
    : parts_(parts)
{
}

int DkimKeyChange::finish(const Result<>& done)
{
    if (!done) {
        parts_.complain(done.error().what);
        has_failed_ = true;
    }
    return has_failed_ ? 1 : 0;
}

// new

int DkimKeyChange::make(const DkimNewKeys& asked)
{
    auto wanted = asked;
    auto domain = read_domain(wanted.domain);
    if (!domain)
        return finish(tl::unexpected(domain.error()));
    wanted.domain = std::move(*domain);
    if (!wanted.selector.empty()) {
        auto selector = read_selector(wanted.selector);
        if (!selector)
            return finish(tl::unexpected(selector.error()));
        wanted.selector = std::move(*selector);
    }
    for (const auto& tag : wanted.tags.list())
        if (const auto fits = check_dkim_tag(tag); !fits)
            return finish(fits);
    if (wanted.bits != 0 && wanted.bits < least_new_rsa_bits) { // scripts for opendkim-genkey ask for 1024
        parts_.complain(fmt::format("{} bits are too few for a new key (RFC 8301): it gets {}", wanted.bits,
                                    least_new_rsa_bits));
        wanted.bits = least_new_rsa_bits;
    }
    return finish(wanted.directory.empty() ? make_managed(wanted) : make_in_directory(wanted));
}

Result<DkimKeyChange::Made> DkimKeyChange::make_key(DkimKeyType type, int bits, const std::vector<std::string>& tags) const
{
    auto pem = make_dkim_key(type, bits == 0 ? least_new_rsa_bits : bits);
    if (!pem)
        return tl::unexpected(pem.error());
    const auto key = DkimPrivateKey::parse(*pem);
    if (!key)
        return fail("the new key {}", key.error().what);
    return Made{std::move(*pem), with_dkim_tags(key->record(), tags)};
}

// 20261127, and where that is taken 20261127b, 20261127c ...
std::vector<std::string> DkimKeyChange::free_selectors(const ManagedDkimDomain& domain,
                                                   const std::vector<DkimKeyType>& types) const
{
    auto date = shown_time(parts_.now).substr(0, 10);
    std::erase(date, '-');
    const auto is_taken = [&](const std::string& selector) {
        return domain.find(selector) != nullptr || parts_.store.has_files(domain.domain, selector)
            || std::any_of(parts_.named.begin(), parts_.named.end(), [&](const auto& entry) {
                   return entry.domain == domain.domain && entry.selector == selector;
               });
    };
    auto selectors = selectors_for(date, types);
    for (char letter = 'b'; letter <= 'z' && std::any_of(selectors.begin(), selectors.end(), is_taken); ++letter)
        selectors = selectors_for(date + letter, types);
    return selectors;
}

Result<> DkimKeyChange::make_managed(const DkimNewKeys& wanted)
{
    if (parts_.store.folder().empty())
        return fail("dkim.managed names no folder; --directory makes keys that are not managed");
    const auto lock = parts_.store.lock(wanted.domain);
    if (!lock)
        return tl::unexpected(lock.error());
    auto loaded = parts_.store.load(wanted.domain);
    if (!loaded)
        return tl::unexpected(loaded.error());
    auto domain = loaded->value_or(ManagedDkimDomain{wanted.domain, false, {}});
    domain.has_subdomains |= wanted.has_subdomains;
    const auto selectors = wanted.selector.empty() ? free_selectors(domain, wanted.types)
                                                   : selectors_for(wanted.selector, wanted.types);
    if (domain.keys.size() + selectors.size() > ManagedDkimDomain::key_limit)
        return fail("{} has {} keys, and no more fit", domain.domain, domain.keys.size());

    std::vector<DkimRecord> records;
    for (std::size_t at = 0; at < selectors.size(); ++at) {
        auto made = make_key(wanted.types[at], wanted.bits, wanted.tags.list());
        if (!made)
            return tl::unexpected(made.error());
        DkimRecord record{domain.domain, selectors[at], std::move(made->record)};
        const auto added = parts_.store.add_files(domain.domain, record.selector, made->pem,
                                                  dkim_record_zone_text(record, {.has_domain = wanted.appends_domain}));
        wipe(made->pem);
        if (!added)
            return added;
        domain.keys.push_back({record.selector, wanted.types[at], DkimKeyState::new_key, parts_.now, parts_.now,
                               wanted.tags.list()});
        records.push_back(std::move(record));
    }
    if (const auto saved = parts_.store.save(domain); !saved)
        return saved;
    for (const auto& record : records) {
        parts_.print(fmt::format("made {}\n", parts_.store.key_path(domain.domain, record.selector)));
        print_record(record);
    }
    parts_.print(fmt::format("\nNext: publish {}, then run \"postern dkim rotate {}\", by hand or by the timer. The key "
                             "signs when its record has been seen for {}.\n",
                             records.size() == 1 ? "this record" : "these records", domain.domain,
                             shown_duration(parts_.rules.settle)));
    return {};
}

Result<> DkimKeyChange::make_in_directory(const DkimNewKeys& wanted)
{
    const auto selectors = selectors_for(wanted.selector.empty() ? "default" : wanted.selector, wanted.types);
    for (std::size_t at = 0; at < selectors.size(); ++at) {
        auto made = make_key(wanted.types[at], wanted.bits, wanted.tags.list());
        if (!made)
            return tl::unexpected(made.error());
        const DkimRecord record{wanted.domain, selectors[at], std::move(made->record)};
        const auto stem = fmt::format("{}/{}", wanted.directory, record.selector);
        const auto created = create_key_files(
            stem, made->pem, dkim_record_zone_text(record, {.has_domain = wanted.appends_domain}), parts_.access);
        wipe(made->pem);
        if (!created)
            return created;
        parts_.print(fmt::format("made {0}.private and {0}.txt\n", stem));
        print_record(record);
        parts_.print(fmt::format("\nIn postern.toml it is\n[[dkim.domain]]\ndomain = \"{}\"\nselector = \"{}\"\nkey = "
                                 "\"{}.private\"\n",
                                 record.domain, record.selector, stem));
    }
    return {};
}

void DkimKeyChange::print_record(const DkimRecord& record) const
{
    parts_.print(fmt::format("\nIts record, in one line:\n{}\nin a zone file:\n{}\nin a form, one string after the other "
                             "if it takes no more than 255 characters:\n{}",
                             dkim_record_line(record), dkim_record_zone_text(record), dkim_record_form(record)));
}

// rotate

int DkimKeyChange::rotate(const std::string& asked)
{
    std::vector<std::string> names;
    if (asked.empty()) {
        auto all = parts_.store.domains();
        if (!all)
            return finish(tl::unexpected(all.error()));
        names = std::move(*all);
        if (names.empty())
            parts_.print("no keys are managed; \"postern dkim new DOMAIN\" makes some\n");
    } else {
        auto domain = read_domain(asked);
        if (!domain)
            return finish(tl::unexpected(domain.error()));
        names.push_back(std::move(*domain));
    }
    for (const auto& name : names)
        if (const auto done = rotate_domain(name); !done)
            finish(fail("{}: {}", name, done.error().what));
    return finish(tell_untold());
}

Result<> DkimKeyChange::rotate_domain(const std::string& name)
{
    auto loaded = parts_.store.load(name);
    if (loaded && !*loaded)
        return fail("has no managed keys; \"postern dkim new {}\" makes some", name);
    const auto lock = parts_.store.lock(name);
    if (!lock)
        return tl::unexpected(lock.error());
    loaded = parts_.store.load(name); // as it is now that nobody else changes it
    if (!loaded || !*loaded)
        return loaded ? fail("its keys are gone") : Result<>(tl::unexpected(loaded.error()));
    const auto& before = **loaded;

    const auto sights = look_at(before);
    auto rotation = rotate_dkim_keys(before, sights, parts_.rules, parts_.now);
    if (const auto made = make_due(rotation); !made)
        return made;
    if (rotation.domain != before) {
        const auto signs = [](const DkimRotationStep& step) {
            return step.from == DkimKeyState::active || step.to == DkimKeyState::active;
        };
        if (std::any_of(rotation.steps.begin(), rotation.steps.end(), signs))
            if (const auto noted = parts_.store.set_untold(); !noted)
                return noted;
        if (const auto saved = parts_.store.save(rotation.domain); !saved)
            return saved;
    }
    tell_steps(rotation);
    for (const auto& key : rotation.domain.keys)
        if (const auto seen = sights.find(key.selector); seen != sights.end())
            tell_state(rotation.domain, key, seen->second);
    for (const auto& selector : rotation.forgotten)
        if (const auto removed = parts_.store.remove_files(name, selector); !removed)
            return removed;
    return {};
}

// Of a key that cannot be read there is no sight: it does not move.
DkimSights DkimKeyChange::look_at(const ManagedDkimDomain& domain)
{
    DkimSights sights;
    for (const auto& key : domain.keys) {
        const auto loaded = load_dkim_key(parts_.store.key_path(domain.domain, key.selector));
        if (!loaded) {
            finish(fail("{}", loaded.error().what));
            continue;
        }
        if (loaded->key->type() != key.type) {
            finish(fail("{}: is no key of {}", parts_.store.key_path(domain.domain, key.selector), word_of(key.type)));
            continue;
        }
        sights[key.selector] =
            judge_dkim_sight(parts_.look_up(name_of(domain, key)), {key.type, loaded->key->record()});
    }
    return sights;
}

// A successor is as its predecessor: as many bits, the same tags.
Result<> DkimKeyChange::make_due(DkimRotation& rotation)
{
    if (rotation.due.empty())
        return {};
    if (rotation.domain.keys.size() + rotation.due.size() > ManagedDkimDomain::key_limit) {
        finish(fail("{}: new keys are due, but {} are there, and no more fit: take what is retired out of the DNS",
                    rotation.domain.domain, rotation.domain.keys.size()));
        return {};
    }
    const auto selectors = free_selectors(rotation.domain, rotation.due);
    for (std::size_t at = 0; at < selectors.size(); ++at) {
        const auto type = rotation.due[at];
        ManagedDkimKey next{selectors[at], type, DkimKeyState::new_key, parts_.now, parts_.now, {}};
        int bits = 0;
        for (const auto& key : rotation.domain.keys)
            if (key.type == type && key.state == DkimKeyState::active) {
                next.tags = key.tags;
                if (const auto old = load_dkim_key(parts_.store.key_path(rotation.domain.domain, key.selector)))
                    bits = std::clamp(old->key->bits(), least_new_rsa_bits, most_new_rsa_bits);
            }
        auto made = make_key(type, bits, next.tags);
        if (!made)
            return tl::unexpected(made.error());
        const DkimRecord record{rotation.domain.domain, next.selector, std::move(made->record)};
        const auto added = parts_.store.add_files(record.domain, record.selector, made->pem,
                                                  dkim_record_zone_text(record, {.has_domain = false}));
        wipe(made->pem);
        if (!added)
            return added;
        rotation.domain.keys.push_back(std::move(next));
        parts_.print(fmt::format("{}: made {}\n", record.domain, parts_.store.key_path(record.domain, record.selector)));
        print_record(record);
    }
    return {};
}

void DkimKeyChange::tell_steps(const DkimRotation& rotation)
{
    const auto& domain = rotation.domain.domain;
    for (const auto& step : rotation.steps)
        parts_.print(fmt::format("{}: {} was {} and is {}: {}\n", domain, step.selector, word_of(step.from),
                                 word_of(step.to), step.why));
    for (const auto& selector : rotation.forgotten)
        parts_.print(fmt::format("{}: {} is forgotten: its record is gone\n", domain, selector));
}

// What the operator has to do about a key, or has to wait for.
void DkimKeyChange::tell_state(const ManagedDkimDomain& domain, const ManagedDkimKey& key, const DkimSight& sight)
{
    const auto tell = [&](const std::string& what) { parts_.print(fmt::format("{}: {}\n", domain.domain, what)); };
    const auto name = key.selector + "._domainkey." + domain.domain;
    const auto is_for = parts_.now - key.since;
    if (sight.finding == RecordFinding::trouble) {
        tell(fmt::format("{} stays {}: the DNS does not say: {}", key.selector, word_of(key.state), sight.why));
        return;
    }
    switch (key.state) {
    case DkimKeyState::new_key:
        tell(fmt::format("to do: publish {} ({})", name, sight.why));
        break;
    case DkimKeyState::published:
        tell(is_for < parts_.rules.settle
                 ? fmt::format("{} signs in {} at the earliest", key.selector, shown_duration(parts_.rules.settle - is_for))
                 : fmt::format("{} waits for the key of RSA", key.selector));
        break;
    case DkimKeyState::active:
        if (sight.finding != RecordFinding::match)
            finish(fail("{}: {} signs, and its record is not as it must be: {}", domain.domain, key.selector, sight.why));
        break;
    case DkimKeyState::retiring:
        tell(is_for < parts_.rules.overlap
                 ? fmt::format("{} must stay published for {} more", name, shown_duration(parts_.rules.overlap - is_for))
                 : fmt::format("{} must stay published: what signs in its place is not seen", name));
        break;
    case DkimKeyState::retired:
        tell(fmt::format("to do: take {} out of the DNS", name));
        break;
    }
}

Result<> DkimKeyChange::tell_untold()
{
    if (!parts_.store.is_untold())
        return {};
    if (const auto told = parts_.tell_daemons(); !told)
        return fail("the keys are changed, and the daemon does not take them yet: {}", told.error().what);
    parts_.print("the daemon signs by these keys now\n");
    return parts_.store.clear_untold();
}

} // namespace postern
