#include "common/options.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace postern {

CommandOption CommandOption::type_name(const std::string& name) const
{
    option_->type_name(name);
    return *this;
}

CommandOption CommandOption::show_default() const
{
    option_->capture_default_str();
    return *this;
}

CommandOption CommandOption::required(bool is_required) const
{
    option_->required(is_required);
    return *this;
}

CommandOption CommandOption::needs(const CommandOption& other) const
{
    option_->needs(other.option_);
    return *this;
}

CommandOption CommandOption::excludes(const CommandOption& other) const
{
    option_->excludes(other.option_);
    return *this;
}

CommandOption CommandOption::existing_directory() const
{
    option_->check(CLI::ExistingDirectory);
    return *this;
}

CommandOption CommandOption::one_of(std::initializer_list<std::string> words) const
{
    option_->check(CLI::IsMember(std::vector<std::string>(words)));
    return *this;
}

CommandOption CommandOption::between(std::int64_t low, std::int64_t high) const
{
    option_->check(CLI::Range(low, high));
    return *this;
}

CommandOption Command::add_option(const std::string& names, std::string& value, const std::string& text) const
{
    return CommandOption(*app_->add_option(names, value, text));
}

CommandOption Command::add_option(const std::string& names, std::vector<std::string>& values, const std::string& text) const
{
    return CommandOption(*app_->add_option(names, values, text));
}

CommandOption Command::add_option(const std::string& names, int& value, const std::string& text) const
{
    return CommandOption(*app_->add_option(names, value, text));
}

CommandOption Command::add_option(const std::string& names, std::int64_t& value, const std::string& text) const
{
    return CommandOption(*app_->add_option(names, value, text));
}

CommandOption Command::add_option(const std::string& names, std::optional<std::int64_t>& value, const std::string& text) const
{
    return CommandOption(*app_->add_option(names, value, text));
}

CommandOption Command::add_flag(const std::string& names, bool& is_set, const std::string& text) const
{
    return CommandOption(*app_->add_flag(names, is_set, text));
}

CommandOption Command::add_flag(const std::string& names, std::function<void()> run, const std::string& text) const
{
    return CommandOption(*app_->add_flag_callback(names, std::move(run), text));
}

Command Command::add_choice(const std::string& name) const
{
    return Command(*app_->add_option_group(name)->require_option(1));
}

Command Command::add_command(const std::string& name, const std::string& text) const
{
    return Command(*app_->add_subcommand(name, text));
}

void Command::require_command() const
{
    app_->require_subcommand(1);
}

void Command::also_called(const std::string& name) const
{
    app_->alias(name);
}

void Command::then(std::function<void()> run) const
{
    app_->callback(std::move(run));
}

bool Command::is_given() const
{
    return app_->parsed();
}

void Command::rename_help(const std::string& names, const std::string& text) const
{
    app_->set_help_flag(names, text);
}

void Command::leave_words_alone() const
{
    app_->set_help_flag();
    app_->prefix_command();
}

std::vector<std::string> Command::words() const
{
    return app_->remaining();
}

CommandLine::CommandLine(const std::string& text, const std::string& name)
    : CommandLine(std::make_unique<CLI::App>(text, name))
{
}

CommandLine::CommandLine(std::unique_ptr<CLI::App> app)
    : Command(*app)
    , owned_(std::move(app))
{
}

CommandLine::~CommandLine() = default;

void CommandLine::set_version(const std::string& text) const
{
    app_->set_version_flag("--version", text);
}

std::optional<int> CommandLine::parse(int argc, char** argv) const
{
    try {
        app_->parse(argc, argv);
    } catch (const CLI::ParseError& end) {
        return app_->exit(end);
    }
    return std::nullopt;
}

} // namespace postern
