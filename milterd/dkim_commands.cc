#include "milterd/dkim_commands.h"

namespace postern {
namespace {

// Without a word about it: an own pair for managed keys, as opendkim-genkey's in a directory.
std::vector<DkimKeyType> types_of(const std::string& algorithm, bool is_managed)
{
    if (algorithm == "rsa" || (algorithm.empty() && !is_managed))
        return {DkimKeyType::rsa};
    if (algorithm == "ed25519")
        return {DkimKeyType::ed25519};
    return {DkimKeyType::rsa, DkimKeyType::ed25519};
}

} // namespace

DkimCommands::DkimCommands(const Command& program)
    : dkim_(program.add_command("dkim", "Make, publish, exchange and check the keys that sign"))
{
    dkim_.require_command();
    add_new();
    add_rotate();
    add_check();
    add_list();
    add_zone();
}

bool DkimCommands::is_wanted() const
{
    return dkim_.is_given();
}

Command DkimCommands::add(const std::string& name, const std::string& text)
{
    const auto command = dkim_.add_command(name, text);
    command.then([this, name] { command_.name = name; });
    return command;
}

void DkimCommands::add_new()
{
    auto& made = command_.made;
    const auto command = dkim_.add_command("new", "Make keys of a domain, and print their records");
    command.rename_help("--help", "Print this help and end"); // -h is opendkim-genkey's
    const auto domain = command.add_option("DOMAIN", made.domain, "The domain that is to sign");
    command.add_option("-d,--domain", domain_option_, "The same").excludes(domain).type_name("DOMAIN");
    command.add_option("-s,--selector", made.selector, "Its selector; that of Ed25519 gets -ed25519 behind it. "
                                                        "Default: the date; with --directory: default")
        .type_name("NAME");
    command.add_option("-b,--bits", made.bits, "Of an RSA key: 2048 to 4096").type_name("N");
    command.add_option("--algorithm", algorithm_, "rsa, ed25519 or both. Default: both; with --directory: rsa")
        .one_of({"rsa", "ed25519", "both"})
        .type_name("NAME");
    command.add_flag("--subdomains", made.has_subdomains, "Sign mail of the domains below it, too");
    command.add_option("-D,--directory", made.directory, "Write the keys there, and do not manage them").type_name("DIR");
    command.add_flag("-a,--append-domain", made.appends_domain, "The whole name in SELECTOR.txt");
    command.add_option("-h,--hash-algorithms", made.tags.hashes, "h= of the record").type_name("NAMES");
    command.add_option("-n,--note", made.tags.note, "n= of the record").type_name("TEXT");
    command.add_flag("-r,--restrict", made.tags.is_for_mail_only, "s=email in the record: for nothing but mail");
    command.add_flag("-S,--nosubdomains", made.tags.is_exact, "t=s in the record: not for i= of a domain below");
    command.add_flag("-t,--testmode", made.tags.is_testing, "t=y in the record: receivers are to ignore the signature");
    command.add_flag("-v,--verbose", is_verbose_, "Means nothing, as all is told");
    command.then([this] {
        command_.name = "new";
        if (!domain_option_.empty())
            command_.made.domain = domain_option_;
        command_.made.types = types_of(algorithm_, command_.made.directory.empty());
    });
}

void DkimCommands::add_rotate()
{
    const auto command = add("rotate", "Look whether the records are published, and bring each key as far as it may go");
    command.add_option("DOMAIN", command_.filter.name, "This domain; none: all");
    command.add_flag("--now", command_.now, "Make new keys, whatever the age of those that sign");
}

void DkimCommands::add_check()
{
    const auto command = add("check", "Compare what the DNS publishes with the keys that we hold");
    auto& filter = command_.filter;
    command.add_option("NAME", filter.name, "A domain or a selector; none: all");
    command.add_option("-d,--domain", filter.domain, "This domain").type_name("DOMAIN");
    command.add_option("-s,--selector", filter.selector, "This selector").type_name("NAME");
    command.add_option("-k,--key", command_.key_file, "The key of --domain and --selector, and no other")
        .type_name("FILE");
    command.add_flag("-v,--verbose", is_verbose_, "Means nothing, as all is told");
}

void DkimCommands::add_list()
{
    const auto command = add("list", "Each key: DOMAIN SELECTOR ALGORITHM STATE SINCE FILE");
    command.also_called("status");
    command.add_option("NAME", command_.filter.name, "A domain or a selector; none: all");
}

void DkimCommands::add_zone()
{
    const auto command = add("zone", "All records, for a zone file");
    command.add_option("NAME", command_.filter.name, "A domain or a selector; none: all");
    command.add_option("-t,--ttl", command_.ttl, "Their time to live, in seconds").between(0, 2147483647);
}

} // namespace postern
