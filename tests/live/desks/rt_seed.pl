# Fills a fresh Request Tracker: rt_seed.pl TOKENS HOOK
use strict; use warnings;
use lib '/usr/share/request-tracker5/lib';
use RT; RT::LoadConfig(); RT::Init();

my ($tokens, $hook) = @ARGV;
my $system = RT->SystemUser;

sub made { my ($thing, %facts) = @_; my ($id, $said) = $thing->Create(%facts); die "$said\n" unless $id; return $thing }

my $queue = made(RT::Queue->new($system), Name => 'Social');
my %token;
for my $name (qw(mentionbridge kim)) {
    my $user = made(RT::User->new($system), Name => $name, RealName => ucfirst $name, EmailAddress => "$name\@desk.test",
        Privileged => 1);
    my @rights = qw(SeeQueue ShowTicket ShowTicketComments CreateTicket CommentOnTicket ModifyTicket SeeCustomField
        ModifyCustomField);
    push @rights, qw(ReplyToTicket OwnTicket DeleteTicket) if $name eq 'kim';
    $user->PrincipalObj->GrantRight(Right => $_, Object => $queue) for @rights;
    my ($id, $said, $secret) = RT::AuthToken->new($system)->Create(Owner => $user->Id, Description => 'test');
    die "$said\n" unless $id;
    $token{$name} = $secret;
}
for my $name (qw(MentionbridgeKey MentionURL)) {
    my $field = made(RT::CustomField->new($system), Name => $name, Type => 'FreeformSingle',
        LookupType => 'RT::Queue-RT::Ticket');
    $field->AddToObject($queue);
}
made(RT::Scrip->new($system), Queue => 0, Description => 'tell the bridge', ScripCondition => 'On Transaction',
    ScripAction => 'User Defined', Template => 'Blank', CustomPrepareCode => 'return 1;', CustomCommitCode => <<"CODE");
require LWP::UserAgent;
my \$call = '{"ticket": ' . \$self->TicketObj->Id . '}';
my \@headers = ('Content-Type' => 'application/json', 'X-Bridge-Secret' => 'hook-secret');
LWP::UserAgent->new(timeout => 3)->post('$hook', \@headers, Content => \$call);
return 1;
CODE
open my $out, '>', $tokens or die $!;
print $out qq({"mentionbridge": "$token{mentionbridge}", "kim": "$token{kim}"});
