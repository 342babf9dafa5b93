#include "milterd/dkim_tag_list.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("DkimTagList::parse")
{
    struct Case {
        const char* name;
        std::string_view input;
        std::string_view want_tags; // "name=value|name=value"; "!": an error
    };
    const Case cases[] = {
        {"one tag", "a=b", "a=b"},
        {"several", "v=1;a=rsa-sha256;d=example.org", "v=1|a=rsa-sha256|d=example.org"},
        {"last semicolon", "a=b;", "a=b"},
        {"last semicolon and a fold", "a=b; \r\n\t", "a=b"},
        {"white space around everything", " \t a \r\n\t = \n b \r\n ; c = d ", "a=b|c=d"},
        {"white space inside a value is kept", "h=from :\r\n\tto", "h=from :\r\n\tto"},
        {"empty value", "p=; a=b", "p=|a=b"},
        {"empty value at the end", "p=", "p="},
        {"value with an equals sign", "b=YQ==; a=x=y", "b=YQ==|a=x=y"},
        {"name with digits and underscores", "a_1=x", "a_1=x"},
        {"case of names counts", "q=x", "q=x"},
        {"nothing", "", "!"},
        {"white space alone", " \r\n ", "!"},
        {"semicolon alone", ";", "!"},
        {"two semicolons", "a=b;;c=d", "!"},
        {"no equals sign", "a=b; c", "!"},
        {"no name", "=b", "!"},
        {"name begins with a digit", "1a=b", "!"},
        {"name with a blank", "a b=c", "!"},
        {"the same tag twice, RFC 6376 3.2", "d=good.example; d=evil.example", "!"},
        {"another tag, as case counts", "d=good.example; D=other.example", "d=good.example|D=other.example"},
        {"8-bit", "a=\xc3\xa9", "!"},
        {"NUL", {"a=b\0c", 5}, "!"},
        {"form feed: libopendkim takes it for white space", "a=b\fc", "!"},
        {"vertical tab: likewise", "a=\vb", "!"},
        {"DEL", "a=\x7f", "!"},
        {"lone CR", "a=b\rc", "!"},
        {"line end that does not fold", "a=b\r\nc=d", "!"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = DkimTagList::parse(c.input);
        std::string tags;
        if (got)
            for (const auto& tag : got->tags())
                tags.append(tags.empty() ? "" : "|").append(tag.name).append("=").append(tag.value);
        CHECK((got ? tags : "!") == c.want_tags);
    }
}

TEST_CASE("DkimTagList::parse takes a bounded number of tags")
{
    const auto list_of = [](std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i)
            text += "t" + std::to_string(i) + "=x;";
        return text;
    };
    const auto most = list_of(DkimTagList::tag_limit);
    const auto too_many = list_of(DkimTagList::tag_limit + 1);
    CHECK(DkimTagList::parse(most).has_value());
    CHECK(!DkimTagList::parse(too_many).has_value());
}

TEST_CASE("DkimTagList::find")
{
    const auto list = DkimTagList::parse("b =x; bh=y");
    REQUIRE(list.has_value());
    REQUIRE(list->find("b") != nullptr);
    CHECK(list->find("b")->value == "x");
    CHECK(list->find("b")->is_spaced);
    REQUIRE(list->find("bh") != nullptr);
    CHECK(!list->find("bh")->is_spaced);
    CHECK(list->find("B") == nullptr);
    CHECK(list->find("z") == nullptr);
}

TEST_CASE("without_folds")
{
    CHECK(without_folds(" a \r\n\tb\n c ") == "abc");
    CHECK(without_folds("") == "");
}

} // namespace postern
