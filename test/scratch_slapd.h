// scratch_slapd - the real slapd(8), in a folder of its own, with a few addresses
//
// Listens on a port of 127.0.0.1 and on a Unix socket; with TLS also for
// ldaps, with a certificate for "localhost" and 127.0.0.1 by an authority of
// its own. The package slapd must be installed: a test that needs it fails
// without it.
#pragma once

#include "test/scratch_folder.h"
#include "test/scratch_process.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace postern {

struct ScratchSlapdOptions {
    std::vector<std::string> users = {"user"}; // "user" has the address user@example.org
    bool tls = false;
    std::string database_lines{}; // added to slapd.conf, below the database
    std::string more_entries{};   // LDIF
};

class ScratchSlapd {
public:
    explicit ScratchSlapd(const ScratchSlapdOptions& options = {})
        : port_(free_scratch_port())
        , tls_port_(free_scratch_port())
        , has_tls_(options.tls)
    {
        if (has_tls_)
            make_scratch_certificates(folder_ / "");
        std::filesystem::create_directory(folder_ / "db");
        std::ofstream(folder_ / "slapd.conf")
            << "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n"
            << "include /etc/ldap/schema/inetorgperson.schema\npidfile " << (folder_ / "pid") << "\n"
            << (has_tls_ ? "TLSCACertificateFile " + ca() + "\nTLSCertificateFile " + (folder_ / "server.pem")
                        + "\nTLSCertificateKeyFile " + (folder_ / "server.key") + "\n"
                         : "")
            << "database ldif\ndirectory " << (folder_ / "db") << "\nsuffix \"dc=example,dc=org\"\n"
            << "rootdn \"cn=admin,dc=example,dc=org\"\nrootpw secret\n"
            << options.database_lines << "\n";
        load(options.users, options.more_entries);
        start();
    }
    ScratchSlapd(const ScratchSlapd&) = delete;
    ScratchSlapd& operator=(const ScratchSlapd&) = delete;

    std::string url() const { return "ldap://127.0.0.1:" + std::to_string(port_); }
    std::string tls_url(const std::string& host = "127.0.0.1") const
    {
        return "ldaps://" + host + ":" + std::to_string(tls_port_);
    }
    std::string socket_url() const // percent-encoded
    {
        std::string path = folder_ / "socket", url = "ldapi://";
        for (const char c : path)
            url += c == '/' ? std::string("%2F") : std::string(1, c);
        return url;
    }
    std::string ca() const { return folder_ / "ca.pem"; }

    void start()
    {
        auto urls = url() + "/ " + socket_url() + "/" + (has_tls_ ? " " + tls_url() + "/" : "");
        process_.start({"/usr/sbin/slapd", "-d", "0", "-f", folder_ / "slapd.conf", "-h", urls}, port_);
    }
    void stop() { process_.stop(); } // as if it had crashed
    void silence() const { process_.silence(); }
    void speak() const { process_.speak(); }

    // Instead of what is there; it must be stopped.
    void load(const std::vector<std::string>& users, const std::string& more_entries = "")
    {
        std::filesystem::remove_all(folder_ / "db");
        std::filesystem::create_directory(folder_ / "db");
        std::ofstream ldif(folder_ / "data.ldif");
        ldif << "dn: dc=example,dc=org\nobjectClass: domain\ndc: example\n";
        for (const auto& user : users)
            ldif << "\ndn: uid=" << user << ",dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: " << user
                 << "\ncn: " << user << "\nsn: " << user << "\nmail: " << user << "@example.org\n";
        ldif << more_entries;
        ldif.close();
        run_scratch_program({"/usr/sbin/slapadd", "-q", "-f", folder_ / "slapd.conf", "-l", folder_ / "data.ldif"});
    }

private:
    ScratchFolder folder_;
    std::uint16_t port_;
    std::uint16_t tls_port_;
    bool has_tls_;
    ScratchProcess process_; // ends before its folder does
};

} // namespace postern
