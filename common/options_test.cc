#include "common/options.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

// What a program with every kind of option was told.
struct Told {
    std::string path = "default", word;
    std::vector<std::string> logs;
    int patience = 600;
    std::int64_t limit = 0;
    std::optional<std::int64_t> ttl;
    bool is_sure = false, was_run = false, was_asked = false;
    std::optional<int> status;
    std::vector<std::string> passed_on;
};

Told tell(std::vector<std::string> words)
{
    Told told;
    const CommandLine line("Does nothing.", "nothing");
    line.set_version("nothing 1");
    line.require_command();
    const auto run = line.add_command("run", "Runs");
    run.add_option("--path", told.path, "A file").show_default().type_name("FILE");
    const auto word = run.add_option("WORD", told.word, "A word").one_of({"good", "bad"});
    run.add_option("--log", told.logs, "Logs").excludes(word);
    run.add_option("--patience", told.patience, "Seconds").between(0, 1000);
    run.add_option("--limit", told.limit, "A number");
    run.add_option("--ttl", told.ttl, "A number").needs(word);
    run.add_flag("-y,--yes", told.is_sure, "Do not ask");
    run.then([&] { told.was_run = true; });
    const auto ask = line.add_command("ask", "Asks").add_choice("question");
    ask.add_flag("--who", [&] { told.was_asked = true; }, "Who");
    ask.add_flag("--what", [] {}, "What");
    const auto pass = line.add_command("pass", "Passes words on");
    pass.leave_words_alone();
    pass.also_called("hand");
    words.insert(words.begin(), "nothing");
    std::vector<char*> arguments;
    for (auto& each : words)
        arguments.push_back(each.data());
    told.status = line.parse(static_cast<int>(arguments.size()), arguments.data());
    if (pass.is_given())
        told.passed_on = pass.words();
    return told;
}

} // namespace

TEST_CASE("options: what was said is where it was wanted")
{
    const auto told = tell({"run", "--path", "/x", "good", "--patience=5", "--limit", "-7", "--ttl", "0", "-y"});
    CHECK_FALSE(told.status);
    CHECK(told.was_run);
    CHECK(told.path == "/x");
    CHECK(told.word == "good");
    CHECK(told.patience == 5);
    CHECK(told.limit == -7);
    CHECK(told.ttl == 0);
    CHECK(told.is_sure);
    CHECK(tell({"run", "--log", "a", "b"}).logs == std::vector<std::string>{"a", "b"});
    CHECK(tell({"ask", "--who"}).was_asked);
    CHECK(tell({"hand", "on", "--help"}).passed_on == std::vector<std::string>{"on", "--help"});
}

TEST_CASE("options: what was not said stays as it was")
{
    const auto told = tell({"run"});
    CHECK_FALSE(told.status);
    CHECK(told.path == "default");
    CHECK(told.patience == 600);
    CHECK_FALSE(told.ttl);
    CHECK_FALSE(told.is_sure);
}

TEST_CASE("options: help and the version end a program well")
{
    CHECK(tell({"--help"}).status == 0);
    CHECK(tell({"--version"}).status == 0);
    CHECK(tell({"run", "--help"}).status == 0);
}

TEST_CASE("options: what makes no sense ends it badly")
{
    const std::vector<std::string> cases[] = {
        {},
        {"walk"},
        {"run", "--unknown"},
        {"run", "--path"},
        {"run", "ugly"},
        {"run", "good", "bad"},
        {"run", "--patience", "1001"},
        {"run", "--patience", "long"},
        {"run", "--ttl", "1"},
        {"run", "good", "--log", "a"},
        {"ask"},
        {"ask", "--who", "--what"},
    };
    for (const auto& words : cases) {
        CAPTURE(words.size());
        const auto told = tell(words);
        CHECK(told.status.value_or(0) != 0);
        CHECK_FALSE(told.was_run);
    }
}

} // namespace postern
