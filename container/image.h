// image - what the variables become: files, services, and what is copied
//
// Everything that the container writes is below /run/postern, so that the root
// file system may be read-only; the queue, /var/lib/postfix and /var/lib/clamav
// are the only other places. Pure data: prepare.h writes it.
#pragma once

#include "config/environment.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

constexpr std::string_view run_folder = "/run/postern";
constexpr std::string_view postfix_folder = "/run/postern/postfix";
constexpr std::string_view socket_folder = "/run/postern/socket";
constexpr std::string_view secret_folder = "/run/postern/secret"; // copies that the daemons may read
constexpr std::string_view closing_master_cf = "/run/postern/closing_master.cf"; // in master.cf's place while all ends
constexpr std::string_view stopping_mark = "/run/postern/stopping";               // all ends
constexpr std::string_view sasl_folder = "/run/postern/postfix/sasl"; // where Debian's Postfix looks
constexpr std::string_view service_folder = "/run/postern/service";
constexpr std::string_view tables_folder = "/etc/postfix/tables"; // the user's
constexpr std::string_view user_aliases = "/etc/postfix/local_aliases/aliases";
constexpr std::string_view fetched_client_list = "/var/lib/postfix/postgrey_whitelist_clients.local";
constexpr std::string_view user_client_list = "/etc/postgrey/postgrey_whitelist_clients.local";
constexpr std::string_view user_recipient_list = "/etc/postgrey/postgrey_whitelist_recipients.local";
constexpr std::string_view postgrey_database = "/var/spool/postfix/postgrey/postgrey.db";
constexpr std::string_view postgrey_import_mark = "/var/spool/postfix/postern/postgrey-imported"; // it was taken over
constexpr std::string_view snakeoil_certificate = "/etc/ssl/certs/ssl-cert-snakeoil.pem";
constexpr std::string_view snakeoil_key = "/etc/ssl/private/ssl-cert-snakeoil.key";

enum class Profile { relay, gateway };

enum class FileOwner { root, postern, postfix, clamav };

struct ImageFile {
    std::string path;
    std::string text;
    int mode = 0644;
    FileOwner owner = FileOwner::root;
};

// A secret that is root's, for a daemon that is not.
struct SecretCopy {
    std::string from, to;
};

struct SaslUser {
    std::string name, realm, password;
};

// What stands around the container's program when it renders.
struct Surroundings {
    std::string host_name = "localhost";
    std::vector<std::string> gateways{}; // addresses that hide others: those of the default routes
    std::set<std::string> tables{};      // names of files below postfix_folder, copied from tables_folder
    std::optional<std::string> recipient_access{}; // the text of recipient_access.hash
    std::optional<std::string> local_aliases{};    // of user_aliases
    bool has_clamd = true;      // the image has it
    bool can_keep_log = true;   // /var/log/s6-maillog may be written
};

struct Image {
    Profile profile{};
    std::vector<ImageFile> files;
    std::vector<SecretCopy> copies;
    std::vector<SaslUser> sasl_users;
    std::vector<std::string> watched; // certificates, keys and secret files
    std::vector<std::string> warnings;
    bool needs_certificate = false; // the self-signed one
};

// The table files that users of the gateway image know.
struct TableFile {
    std::string_view name;    // "client_access.cidr"
    std::string_view command; // "update_client_access"
};
std::vector<TableFile> table_files();

} // namespace postern
