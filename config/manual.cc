#include "config/manual.h"

#include "common/text.h"
#include "config/environment.h"
#include "config/setting.h"
#include "config/toml_value.h"

namespace postern {
namespace {

constexpr std::size_t sample_width = 100;

// A default as it is written in TOML.
std::string default_value(const Setting& setting, std::string_view text)
{
    return toml_value(setting, split_value(setting, text));
}

// The row's text and its limits, or its words.
std::string full_text(const Setting& setting)
{
    std::string text(setting.text);
    if (!setting.low.empty())
        text += fmt::format(" From {} to {}.", setting.low, setting.high);
    if (const auto words = words_of_setting(setting); !words.empty())
        text += fmt::format(" {}: {}.", shape_of(setting) == Shape::list ? "Any of" : "One of", fmt::join(words, ", "));
    return text;
}

std::string commented(std::string_view text)
{
    std::string result, line;
    for (const auto word : split_words(text)) {
        if (!line.empty() && line.size() + 1 + word.size() > sample_width - 2) {
            result += "# " + line + '\n';
            line.clear();
        }
        line += (line.empty() ? "" : " ") + std::string(word);
    }
    return result + "# " + line + '\n';
}

void add_sample(std::string& sample, const Setting& setting)
{
    const auto text = setting.example.empty() ? setting.fallback : setting.example;
    sample += fmt::format("\n{}#{} = {}\n", commented(full_text(setting)), setting.name, default_value(setting, text));
}

// ---- man(7)

// Text in which roff sees no command of its own.
std::string roff(std::string_view text)
{
    std::string result;
    for (const char c : text) {
        if (c == '\\')
            result += "\\e";
        else if (c == '-')
            result += "\\-";
        else if ((c == '.' || c == '\'') && (result.empty() || result.back() == '\n'))
            result += std::string("\\&") + c;
        else
            result += c;
    }
    return result;
}

std::string default_text(const Setting& setting)
{
    if (setting.required && setting.fallback.empty())
        return "required";
    return "default " + default_value(setting, setting.fallback);
}

void add_setting(std::string& page, const Setting& setting)
{
    page += fmt::format(".TP\n\\fB{}\\fR ({})\n{}\n", roff(setting.name), roff(default_text(setting)),
                        roff(full_text(setting)));
    if (!setting.instance_fallback.empty())
        page += fmt::format("An instance does not inherit it: its default is {}, where %i is its name.\n",
                            roff(toml_string(setting.instance_fallback)));
    if (setting.restart)
        page += "A change needs a restart.\n";
}

std::string_view heading(const Section& section)
{
    return section.kind == SectionKind::repeated ? "[[{}]]" : "[{}]";
}

void add_section(std::string& page, const Section& section)
{
    page += fmt::format(".SS {}\n{}\n", fmt::format(fmt::runtime(heading(section)), section.name), roff(section.text));
    switch (section.read_by) {
    case ReadBy::both:
        break;
    case ReadBy::policyd:
        page += "Read by postern\\-policyd(8).\n";
        break;
    case ReadBy::milterd:
        page += "Read by postern\\-milterd(8).\n";
        break;
    }
    if (section.kind == SectionKind::per_instance)
        page += fmt::format("May stand for an instance alone, as [{}.NAME].\n", section.name);
    for (const auto& setting : settings())
        if (setting.section == section.name)
            add_setting(page, setting);
}

constexpr std::string_view sample_head =
    R"(# postern.toml - the configuration of postern-policyd(8) and postern-milterd(8)
#
# Every setting stands here at its default, commented out by a "#" alone: take it away and change
# the value. "postern check" tells what is wrong, "postern reload" makes the daemons read it again,
# "postern main-cf" prints what Postfix needs. See postern.toml(5).
)";

constexpr std::string_view page_head = R"(.\" From the table of settings; see config/manual.h in the sources.
.TH POSTERN.TOML 5 "" "Postern" "File Formats"
.SH NAME
postern.toml \- configuration of postern\-policyd(8) and postern\-milterd(8)
.SH DESCRIPTION
Both daemons read
.IR /etc/postern/postern.toml ,
or the file that their option
.B \-\-config
names.
It is a TOML file of sections and settings; each setting has a default, so the file may be short, or empty.
What is not known or not possible is a fault: the daemon does not start, or goes on with what it had, and names every
fault with its line.
.BR "postern check" (1)
does the same without a daemon.
.PP
true and false, and whole numbers, stand without quotes; all else stands in quotes, and lists in brackets:
.PP
.nf
.RS
[trust]
networks = ["127.0.0.0/8", "192.0.2.0/24"]

[greylist]
enable = true
delay = "5m"
ipv4_prefix = 24
.RE
.fi
.PP
A time is a whole number and s, m, h or d; in some settings ms, too.
A size is a number of octets, or in quotes one with K, M or G (1024 of the one before).
.SH INSTANCES
One host can run several milters, such as one for mail that comes and one for submission:
.PP
.nf
.RS
[milterd.submission]
deadline = "60s"

[dkim.submission]
verify = false
.RE
.fi
.PP
.B postern\-milterd \-\-instance submission
reads these over [milterd], [dkim] and [clamav]. An instance is one by its [milterd.NAME]; its name has letters, digits
and \-. Without a setting of its own it has that of the section it stands over, but for its two sockets.
.SH ENVIRONMENT
A variable stands over the file:
.TP
.BI POSTERN_ SECTION _ NAME
The setting NAME of [SECTION] in capitals, such as POSTERN_GREYLIST_DELAY=10m; without quotes. Lists are split at commas
and blanks, but not inside of /regular expressions/.
.TP
.BI POSTERN_ SECTION _ NAME _FILE
The name of a file that holds the value, as container engines pass secrets; one newline at its end does not count. It
is a fault if the file cannot be read, or if both forms are set.
.TP
.BI POSTERN_ SECTION _ INSTANCE _ NAME
The setting of an instance that the file has; a \- of its name is written _.
.TP
.BI POSTERN_DKIM_DOMAIN_ N _ NAME
One more [[dkim.domain]] for each number N, from 1 to 99.
.PP
Other names that begin with POSTERN_ only make a warning.
.SH SETTINGS
)";

constexpr std::string_view page_tail = R"(.SH FILES
.TP
.I /etc/postern/postern.toml
This file.
.TP
.I /usr/share/postern/postern.toml
A sample that holds every setting.
.SH SEE ALSO
.BR postern (1),
.BR postern\-policyd (8),
.BR postern\-milterd (8)
)";

} // namespace

std::string sample_file()
{
    std::string sample(sample_head);
    for (const auto& section : sections()) {
        const bool repeated = section.kind == SectionKind::repeated;
        const auto instances = section.kind == SectionKind::per_instance
            ? fmt::format(" May stand for an instance alone, as [{}.NAME].", section.name)
            : "";
        sample += fmt::format("\n\n{}", commented(std::string(section.text) + instances));
        sample += fmt::format(fmt::runtime(repeated ? "#[[{}]]\n" : "[{}]\n"), section.name);
        for (const auto& setting : settings())
            if (setting.section == section.name)
                add_sample(sample, setting);
    }
    return sample;
}

std::string manual_page()
{
    std::string page(page_head);
    for (const auto& section : sections())
        add_section(page, section);
    return page + std::string(page_tail);
}

} // namespace postern
