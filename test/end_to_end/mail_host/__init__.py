"""A mail host for tests and for a first look: see host.MailHost."""

from mail_host.client import Answer, Client, Reply, Session, compose, message_id_of
from mail_host.daemon import Daemon, Record
from mail_host.host import MailHost
from mail_host.load import Load, our_results
from mail_host.policy import PolicyConnection
from mail_host.process import HostError, wait_until
from mail_host.sink import Arrival

__all__ = ["Answer", "Arrival", "Client", "Daemon", "HostError", "Load", "MailHost", "PolicyConnection", "Record", "Reply",
           "Session", "compose", "message_id_of", "our_results", "wait_until"]
