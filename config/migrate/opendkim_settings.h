// opendkim_settings - each option of opendkim, and the setting that does it now
//
// The options that belong together, those of keys and tables, go on to
// OpendkimTables; the Mode and what a mail gets for a failed signature are
// known when all have been taken.
#pragma once

#include "config/migrate/opendkim_tables.h"

#include <string_view>

namespace postern {

class OpendkimSettings {
public:
    explicit OpendkimSettings(Migration& migration);

    void take(const MetOption& option);
    // `file`: where opendkim's own defaults are told of
    void finish(const OldLine& file);

private:
    struct Conversion;
    using Take = void (OpendkimSettings::*)(const MetOption& option, std::string_view setting);
    static const Conversion* find(std::string_view name);

    void flag(const MetOption& option, std::string_view setting);
    void flag_undone(const MetOption& option, std::string_view setting);
    void word_if(const MetOption& option, std::string_view setting_and_word);
    void number(const MetOption& option, std::string_view setting);
    void seconds(const MetOption& option, std::string_view setting);
    void always_results(const MetOption& option, std::string_view setting);
    void name_of_host(const MetOption& option, std::string_view setting);
    void per_cent(const MetOption& option, std::string_view setting);
    void canonicalization(const MetOption& option, std::string_view setting);
    void algorithm(const MetOption& option, std::string_view setting);
    void mode(const MetOption& option, std::string_view setting);
    void action(const MetOption& option, std::string_view setting);
    void quarantine(const MetOption& option, std::string_view setting);
    void names(const MetOption& option, std::string_view setting);
    void macros(const MetOption& option, std::string_view setting);
    void clients(const MetOption& option, std::string_view setting);
    void client_file(const MetOption& option, std::string_view setting, const DataSet& set);
    void client_pattern(const MetOption& option, std::string_view setting, const DataRow& row);
    void keep_for_tables(const MetOption& option, std::string_view setting);
    void of_daemon(const MetOption& option, std::string_view sentence);

    void bad(const MetOption& option, std::string_view wanted);
    std::optional<DataSet> set_of(const MetOption& option);
    void actions();
    void tell_of_results(const OldLine& file);

    Migration& migration_;
    OpendkimSigning signing_;
    std::vector<std::pair<MetOption, std::string_view>> actions_;
    std::optional<MetOption> quarantine_;
    bool signs_ = true, verifies_ = true, has_results_always_ = false, has_canonicalization_ = false, has_oversign_ = false,
         has_signed_fields_ = false;
};

} // namespace postern
