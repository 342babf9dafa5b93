// null_milter - the least that a libmilter program can cost
//
// usage: null_milter SOCKET     as libmilter writes it: unix:/path or inet:port@host
//
// Takes every step and changes nothing: what any milter of ours has to be compared with.
#include <cstdio>
#include <libmilter/mfapi.h>

namespace {

sfsistat header(SMFICTX*, char*, char*)
{
    return SMFIS_CONTINUE;
}

sfsistat body(SMFICTX*, unsigned char*, std::size_t)
{
    return SMFIS_CONTINUE;
}

sfsistat end_of_message(SMFICTX*)
{
    return SMFIS_CONTINUE;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: null_milter SOCKET\n");
        return 2;
    }
    smfiDesc milter{};
    milter.xxfi_name = const_cast<char*>("null");
    milter.xxfi_version = SMFI_VERSION;
    milter.xxfi_header = header;
    milter.xxfi_body = body;
    milter.xxfi_eom = end_of_message;
    if (smfi_setconn(argv[1]) == MI_FAILURE || smfi_register(milter) == MI_FAILURE
        || smfi_opensocket(true) == MI_FAILURE)
        return 1;
    return smfi_main();
}
