#include "milterd/explain_offline.h"

#include "common/file_descriptor.h"
#include "common/privileges.h"
#include "common/queued_log.h"
#include "config/resolver_options.h"
#include "config/settings.h"
#include "milterd/build_chain.h"
#include "milterd/dkim_signers.h"
#include "milterd/explanation.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace postern {
namespace {

constexpr std::size_t largest_mail = 256 * 1024 * 1024;

Result<std::string> read_mail(const std::string& path)
{
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
        return fail("{}: {}", path, std::strerror(errno));
    std::string text;
    char chunk[64 * 1024];
    for (;;) {
        const auto got = ::read(file.get(), chunk, sizeof chunk);
        if (got < 0)
            return fail("{}: {}", path, std::strerror(errno));
        if (got == 0)
            return text;
        text.append(chunk, static_cast<std::size_t>(got));
        if (text.size() > largest_mail)
            return fail("{}: larger than {} octets", path, largest_mail);
    }
}

SessionLimits limits_of(const HeaderSettings& header)
{
    SessionLimits limits;
    limits.header_octets = static_cast<std::size_t>(header.max_size);
    limits.header_fields = static_cast<std::size_t>(header.max_fields);
    return limits;
}

Result<Explanation> explain(const Config& config, const ExplainEnvelope& envelope, const MailFile& mail)
{
    const auto signers = load_dkim_signers(config); // while root, as a start does
    if (!signers)
        return tl::unexpected(signers.error());
    if (::geteuid() == 0)
        if (const auto dropped = drop_privileges(config.milterd.user, config.milterd.group); !dropped)
            return tl::unexpected(dropped.error());
    for (const auto* const faults : {&signers->table_faults(), &signers->key_faults()})
        for (const auto& fault : *faults)
            fmt::print(stderr, "{}\n", fault);

    QueuedLog log({.program = "postern-milterd", .level = LogLevel::error}); // to stderr, at the end
    const SystemClock clock;
    ResolverThread dns;
    if (const auto configured = dns.configure(resolver_options(config.dns)); !configured)
        return fail("dns: {}", configured.error().what);
    Explanation explanation;
    const auto chain = build_chain(config, {.dns = dns, .clock = clock, .log = log, .signers = *signers,
                                            .watch = [&](const JudgedMessage& judged) { explanation.judged = judged; }});
    if (!chain)
        return tl::unexpected(chain.error());
    explain_mail(std::make_shared<SessionHost>(*chain, limits_of(config.header), log), envelope, mail, explanation);
    return explanation;
}

int print_fault(std::string_view what)
{
    fmt::print(stderr, "{}\n", what);
    return 1;
}

} // namespace

int explain_milterd(const std::string& config_path, const std::string& instance, const std::string& attributes,
                    const std::string& mail_path)
{
    const auto envelope = parse_explain_envelope(attributes);
    if (!envelope)
        return print_fault(envelope.error().what);
    const auto loaded = load_config(config_path, environment_of(::environ), instance);
    if (!loaded) {
        for (const auto& fault : loaded.error())
            print_fault(fault.what);
        return 1;
    }
    const auto text = read_mail(mail_path);
    if (!text)
        return print_fault(text.error().what);
    const auto explanation = explain(loaded->config, *envelope, read_mail_file(*text));
    if (!explanation)
        return print_fault(explanation.error().what);
    fmt::print("{}", write_explanation(*envelope, *explanation));
    return 0;
}

} // namespace postern
