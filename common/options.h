// options - what a program was told when it was started
//
// Options, flags, words that have their place, and commands with all of these
// for themselves:
//
//     CommandLine line("Answers Postfix.", "postern-policyd");
//     line.add_option("--config", path, "The configuration").type_name("FILE");
//     const auto show = line.add_command("show", "What is known of a mail");
//     show.add_option("CLIENT", client, "An address").required();
//     if (const auto status = line.parse(argc, argv))
//         return *status;
//
// What they say is written by parse() to where the references lead, which must
// still be there then. A name without dashes is that of a word in its place.
// --help is there by itself. Command and CommandOption are handles: copies
// speak of the same, for as long as their CommandLine lives.
// Behind it is CLI11, which takes a compiler seconds; so one file includes it.
// Failure: parse() prints it and has the exit status.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}

namespace postern {

class CommandOption {
public:
    explicit CommandOption(CLI::Option& option)
        : option_(&option)
    {
    }

    CommandOption type_name(const std::string& name) const; // what help calls its value
    CommandOption show_default() const;                     // that which its variable holds now
    CommandOption required(bool is_required = true) const;
    CommandOption needs(const CommandOption& other) const;
    CommandOption excludes(const CommandOption& other) const;

    // What its value must be.
    CommandOption existing_directory() const;
    CommandOption one_of(std::initializer_list<std::string> words) const;
    CommandOption between(std::int64_t low, std::int64_t high) const;

private:
    CLI::Option* option_;
};

class Command {
public:
    explicit Command(CLI::App& app)
        : app_(&app)
    {
    }

    CommandOption add_option(const std::string& names, std::string& value, const std::string& text = "") const;
    CommandOption add_option(const std::string& names, std::vector<std::string>& values, const std::string& text) const;
    CommandOption add_option(const std::string& names, int& value, const std::string& text) const;
    CommandOption add_option(const std::string& names, std::int64_t& value, const std::string& text) const;
    CommandOption add_option(const std::string& names, std::optional<std::int64_t>& value, const std::string& text) const;
    CommandOption add_flag(const std::string& names, bool& is_set, const std::string& text) const;
    CommandOption add_flag(const std::string& names, std::function<void()> run, const std::string& text) const;
    Command add_choice(const std::string& name) const; // of its flags one has to be given

    Command add_command(const std::string& name, const std::string& text) const;
    void require_command() const; // one of them
    void also_called(const std::string& name) const;
    void then(std::function<void()> run) const; // by parse(), if the command was given
    bool is_given() const;

    void rename_help(const std::string& names, const std::string& text) const;
    void leave_words_alone() const; // from the first that is not known, --help too: they are for another program
    std::vector<std::string> words() const;

protected:
    CLI::App* app_;
};

class CommandLine : public Command {
public:
    explicit CommandLine(const std::string& text, const std::string& name = "");
    CommandLine(CommandLine&&) = delete;
    ~CommandLine();

    void set_version(const std::string& text) const;

    // The exit status, if the program is to end now: after --help or --version, or since the words make no sense.
    std::optional<int> parse(int argc, char** argv) const;

private:
    explicit CommandLine(std::unique_ptr<CLI::App> app);

    std::unique_ptr<CLI::App> owned_;
};

} // namespace postern
