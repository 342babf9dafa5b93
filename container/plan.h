// plan - what the parts of the renderer share: what was asked for, and what follows
#pragma once

#include "config/config.h"
#include "container/image.h"
#include "container/values.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct Plan {
    const Values& values;
    const Surroundings& surroundings;
    const ReadFile& read_file;
    Image& image;
    std::vector<Error>& faults;

    std::string host_name{};
    std::vector<std::string> mynetworks{}; // Postfix's, without an exclusion
    std::string excluded{};                // "!172.17.0.1 ": before them
    Config config{};                       // as the daemons will have it
    bool asks_policyd = false;
    bool asks_milterd = false;

    bool is_relay() const { return image.profile == Profile::relay; }
    bool has_table(std::string_view name) const { return surroundings.tables.contains(std::string(name)); }
    bool has_logins() const { return !image.sasl_users.empty(); }
    bool has_exporter() const { return values.flag("POSTFIX_EXPORTER_ENABLED", false); }
    void fault(std::string_view variable, std::string_view what) const;
    void warn(std::string text) const { image.warnings.push_back(std::move(text)); }
    std::string in_postfix(std::string_view name) const; // "/run/postern/postfix/NAME"
};

// Each adds its files to plan.image.
std::string render_settings(Plan& plan); // postern.toml, which it also returns
void render_main_cf(const Plan& plan);
void render_master_cf(const Plan& plan);
void render_maps(Plan& plan); // aliases, relay host maps, logins, header checks
void render_clamav(const Plan& plan);
void render_services(const Plan& plan);

} // namespace postern
