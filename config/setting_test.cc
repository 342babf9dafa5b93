#include "config/setting.h"

#include "common/text.h"
#include "config/environment.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <set>

namespace postern {

TEST_CASE("each row of the table is whole and in order")
{
    std::set<std::string> names, variables;
    std::size_t section_at = 0;
    for (const auto& setting : settings()) {
        const auto name = fmt::format("{}.{}", setting.section, setting.name);
        CAPTURE(name);
        const auto* const section = find_section(setting.section);
        REQUIRE(section);

        const auto at = static_cast<std::size_t>(section - sections().data());
        CHECK(at >= section_at); // the rows of a section stand together, in the order of the sections
        section_at = at;

        CHECK(names.insert(name).second);
        CHECK(variables.insert(variable_of(setting)).second);
        CHECK(setting.text.ends_with('.'));
        CHECK(setting.low.empty() == setting.high.empty());
        CHECK_FALSE((!setting.instance_fallback.empty() && section->kind != SectionKind::per_instance));
        CHECK_FALSE((setting.key && section->kind != SectionKind::repeated));

        // POSTERN_X_FILE is the file of X; POSTERN_PORT, _SERVICE_HOST and the like are Kubernetes' own
        CHECK_FALSE(setting.name.ends_with("_file"));
        CHECK_FALSE(setting.name.starts_with("port"));
        CHECK_FALSE(setting.name.starts_with("service_"));
    }
}

TEST_CASE("each section has its settings, and its kind")
{
    for (const auto& section : sections()) {
        CAPTURE(section.name);
        CHECK((section.text.ends_with('.') || section.text.ends_with('?')));
        CHECK((section.kind == SectionKind::repeated) == (section.append != nullptr));
        const auto is_of_it = [&](const Setting& setting) { return setting.section == section.name; };
        CHECK(std::any_of(settings().begin(), settings().end(), is_of_it));
    }
}

TEST_CASE("each default and each limit passes its own setting")
{
    for (const auto& setting : settings()) {
        const auto* const section = find_section(setting.section);
        if (section->kind == SectionKind::repeated && setting.required)
            continue;
        Config config;
        if (section->append)
            section->append(config);
        for (const auto text : {setting.fallback, setting.low, setting.high}) {
            if (text.empty() && text.data() != setting.fallback.data())
                continue; // no limit
            CAPTURE(setting.section);
            CAPTURE(setting.name);
            CAPTURE(text);
            const auto ok = set_value(config, setting, split_value(setting, text));
            CHECK_MESSAGE(ok.has_value(), (ok ? "" : ok.error().what));
        }
    }
}

TEST_CASE("set_value")
{
    struct Case {
        const char* name;
        const char* section;
        const char* setting;
        Texts items;
        const char* want_error; // nullptr: it is stored
        bool want_stored = true; // and differs from what was there
    };
    const Case cases[] = {
        {"bool", "spf", "enable", {"true"}, nullptr},
        {"number", "greylist", "ipv4_prefix", {"32"}, nullptr},
        {"number above", "greylist", "ipv4_prefix", {"33"}, "33 is not between 8 and 32"},
        {"number below", "greylist", "ipv4_prefix", {"7"}, "7 is not between 8 and 32"},
        {"mode", "policyd", "socket_mode", {"0666"}, nullptr},
        {"mode above", "policyd", "socket_mode", {"01666"}, "01666 is not between 0 and 0777"},
        {"size", "clamav", "max_size", {"10M"}, nullptr},
        {"seconds", "greylist", "delay", {"10m"}, nullptr},
        {"seconds without unit", "greylist", "delay", {"10"}, "\"10\" is not a time such as 90s, 5m, 2h or 1d"},
        {"milliseconds", "dns", "timeout", {"500ms"}, nullptr},
        {"milliseconds below", "dns", "timeout", {"1ms"}, "1ms is not between 50ms and 30s"},
        {"word of an enum", "spf", "mail_from", {"softfail"}, nullptr},
        {"no word of an enum", "spf", "mail_from", {"soft"}, 
         "\"soft\" is not one of: unchecked, never, no_mail, fail, softfail, not_pass"},
        {"word of a text", "log", "level", {"debug"}, nullptr},
        {"no word of a text", "log", "level", {"loud"}, "\"loud\" is not one of: debug, info, warning, error"},
        {"no word of a list", "policyd", "checks", {"spf", "spam"}, "\"spam\" is not one of: dnsbl, recipient, spf, greylist"},
        {"list", "trust", "networks", {"192.0.2.0/24", "2001:db8::/32", ".example.org"}, nullptr},
        {"empty list", "trust", "networks", {}, nullptr, false},
        {"line break in a text", "greylist", "text", {"a\nb"}, "holds a control character"},
        {"NUL in an item", "dkim", "daemon_names", {std::string("a\0b", 3)}, "holds a control character"},
        {"empty where it may be", "greylist", "header", {""}, nullptr, false},
        {"empty where it must not be", "greylist", "database", {""}, "must not be empty"},
        {"checked", "greylist", "database", {"greylist.sqlite"}, "\"greylist.sqlite\" is not an absolute path"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto* const setting = find_setting(c.section, c.setting);
        REQUIRE(setting);
        Config config;
        const auto ok = set_value(config, *setting, c.items);
        CHECK(ok.has_value() == (c.want_error == nullptr));
        if (!ok && c.want_error)
            CHECK(ok.error().what == c.want_error);
        CHECK(same_value(config, Config{}, *setting) == (c.want_error || !c.want_stored));
    }
}

TEST_CASE("shape_of and wanted say how a setting is written")
{
    CHECK(shape_of(*find_setting("spf", "enable")) == Shape::boolean);
    CHECK(shape_of(*find_setting("dns", "tries")) == Shape::number);
    CHECK(shape_of(*find_setting("clamav", "max_size")) == Shape::size);
    CHECK(shape_of(*find_setting("policyd", "socket_mode")) == Shape::text);
    CHECK(shape_of(*find_setting("dkim.domain", "domain")) == Shape::text);
    CHECK(shape_of(*find_setting("dns", "servers")) == Shape::list);
    CHECK(wanted(*find_setting("log", "target")) == "one of: stderr, journald, syslog, file");
    CHECK(wanted(*find_setting("policyd", "checks")) == "a list such as [\"a\", \"b\"]");
    CHECK(wanted(*find_setting("dkim.domain", "subdomains")) == "true or false");
}

} // namespace postern
