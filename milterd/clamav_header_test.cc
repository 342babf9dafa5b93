#include "milterd/clamav_header.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

Message with(std::vector<HeaderField> header)
{
    Message message;
    message.header = std::move(header);
    return message;
}

// "-Name:2 +Name: value" of all edits
std::string shown(const std::vector<HeaderEdit>& edits)
{
    std::string text;
    for (const auto& edit : edits)
        text += edit.kind == HeaderEdit::Kind::remove ? fmt::format("-{}:{} ", edit.name, edit.occurrence)
                                                      : fmt::format("+{}: {} ", edit.name, edit.value);
    return text;
}

} // namespace

TEST_CASE("virus_header_edits: what is written, and every forged field goes")
{
    const auto forged = with({{"X-Virus-Status", " Clean"},
                              {"Subject", " x"},
                              {"x-virus-status", " Clean\n\t(really)"},
                              {"X-VIRUS-SCANNED", " by me"},
                              {"X-Virus-Status", ""}});
    const std::string gone = "-X-Virus-Status:1 -X-Virus-Status:2 -X-Virus-Status:3 ", scanned_gone = "-X-Virus-Scanned:1 ",
                      scanned = "+X-Virus-Scanned: postern-milterd at mx.example ";
    using enum VirusHeader;
    const VirusStatus clean{"Clean", true}, virus{"Infected (X)"}, unsaid{};
    struct Case {
        const char* name;
        VirusHeader header;
        VirusStatus status;
        std::string want;
    };
    const Case cases[] = {
        {"none, clean", none, clean, ""},
        {"none, found", none, virus, ""},
        {"found, clean", found, clean, gone},
        {"found, found", found, virus, gone + "+X-Virus-Status: Infected (X) "},
        {"found, exempt", found, unsaid, gone},
        {"add, clean", add, clean, "+X-Virus-Status: Clean " + scanned},
        {"add, exempt", add, unsaid, ""},
        {"replace, clean", replace, clean, scanned_gone + gone + "+X-Virus-Status: Clean " + scanned},
        {"replace, exempt", replace, unsaid, scanned_gone + gone},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(shown(virus_header_edits(forged, c.status, c.header, "mx.example")) == c.want);
    }
    CHECK(shown(virus_header_edits(with({}), clean, replace, "mx\nX-Evil: 1"))
          == "+X-Virus-Status: Clean +X-Virus-Scanned: postern-milterd at mx?X-Evil: 1 ");
}

TEST_CASE("breaks_signature")
{
    struct Case {
        const char* name;
        const char* h;
        int fields; // X-Virus-Status that are there
        VirusHeader header;
        bool want;
    };
    using enum VirusHeader;
    const Case cases[] = {
        {"does not name it", "from:subject", 1, replace, false},
        {"names it, and one goes", "from:x-virus-status", 1, found, true},
        {"names it, and there is none: adding is what it forbids", "From:X-Virus-Status", 0, add, true},
        {"names it, and there is none, and none comes", "from:x-virus-status", 0, found, false},
        {"names it once, one more on top", "from:x-virus-status", 1, add, false},
        {"names it once more than there are", "from:x-virus-status:x-virus-status", 1, add, true},
        {"names the lowest of two, both go", "from:x-virus-status", 2, found, true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto message = with({{"DKIM-Signature", std::string(" v=1; a=rsa-sha256; d=a.example; s=s; bh=AAAA; b=AAAA; h=") + c.h}});
        for (int i = 0; i < c.fields; ++i)
            message.header.push_back({"X-Virus-Status", " Clean"});
        CHECK(breaks_signature(message, virus_header_edits(message, {"Clean", true}, c.header, "mx")) == c.want);
    }
    CHECK_FALSE(breaks_signature(with({{"X-Virus-Status", " Clean"}}), {{HeaderEdit::Kind::remove, "X-Virus-Status", "", 1}}));
}

} // namespace postern
