# Faults of form: the configuration file, the API, files of the command line.
error-unknown-field = { $place }nobody knows { $field }. { $known ->
    [none] There are no fields here.
   *[other] Known are: { $known }.
  }
error-missing-field = { $place }{ $field } is missing. Add it.
error-repeated-field = { $place }{ $field } stands twice. Keep one.
error-wrong-type = { $place }{ $field ->
    [top] the content
   *[other] { $field }
  } should be { $expected }, and is { $given }.
error-unknown-word = { $place }{ $field } cannot be "{ $value }". Known are: { $known }.
error-bad-value = { $place }{ $field ->
    [top] the content
   *[other] { $field }
  }: the value cannot be used: { $prose }.
error-bad-syntax = { $place }this is no { $form }: { $prose }.

# Configuration.
error-config-unreadable = { $field }: the file { $path } cannot be read ({ $kind ->
    [not-found] there is no such file
    [denied] no permission
    [not-utf8] it is not UTF-8
    [directory] it is a directory
   *[other] { $cause }
  }). Check path, rights and encoding.
error-config-unwritable = { $field }: the file { $path } cannot be written ({ $kind ->
    [exists] it is there already and is not overwritten. Choose another name, or move it away first
    [not-found] its folder is not there. Make it, or choose another path
    [denied] no permission. Choose another path, or grant the right
    [directory] it is a folder. Name a file in it
   *[other] { $cause }. Check path and disk
  }). Nothing was changed.
error-config-zone = { $field } = "{ $value }": there is no such zone. Use a name like Asia/Shanghai.
error-config-platform = { $field } = "{ $value }" is no platform's resource code. Give its 23 digits.
error-config-key-id = { $field } = "{ $value }" is no key's name. Use 1 to 32 of a-z, 0-9 and -, like city-2026.
error-config-seed = { $field } = "{ $value }": the file holds no signing key. Put 32 random bytes into it, or their 64 hexadecimal digits; for SM2 write sm2: before the digits.
error-config-sm2-key = { $field } = "{ $value }": what follows sm2: is no SM2 key. There must be 64 hexadecimal digits, a number from 1 to n-2; make another.
error-config-without-sm2 = { $field } = "{ $value }": the file holds an SM2 key, and this program is built without sm2. Build it with cargo build --features sm2, or take an Ed25519 key.
error-config-hold = { $field } = "{ $value }" holds back too long. Give 0 to { $most } (milliseconds; { $most } are ten minutes).
error-config-division = { $field } = "{ $value }" is no division. Use a code of { $table }, like 210423.
error-config-hazard = { $field } = "{ $value }" is no event code. Use one of { $table }, like 11B03.
error-config-gap = { $field } = "{ $value }": nothing fills the gap { "{" }{ $gap }{ "}" }. Known are: { $known }.
error-config-brace = { $field } = "{ $value }": a brace is not closed. Close it.
error-config-no-template = { $field } = "{ $value }": there is a WeChat account and no template. Add the table [render.wechat], or drop the account.
error-config-template = { $field } = "{ $value }" is none of the account's templates. Use one of: { $listed }.
error-config-taken-name = { $field } = "{ $value }": [{ $by }] has this name already. Choose another; live and drill accounts differ as well.
error-login-refused = [{ $table }] { $account }: the gateway refuses the login: { $detail }. Check the account's name, its password or secret file, and our address as the carrier has it; do not try again and again, or the account is locked
error-unready = [{ $table }] { $account }: { $why ->
    [unknown-template] template { $what } is not known to the provider. Check its code, or have it approved in the provider's console first; until then no message leaves by it
    [not-approved] template { $what } is not approved by the provider. See why in its console, change it and submit it again; until then no message leaves by it
    [other-words] template { $what } has other words at the provider. Copy them from its console to templates.text; until then no message leaves by it
    [door-shut] the door for reports cannot be opened: { $what }. Give listen another address and port of this machine, or stop the program that holds it
   *[door-refused] the gateway is refused at our door, where it brings its reports. Check that gateway_login_name and gateway_password_file are what the carrier was given
  }
error-login-unreachable = [{ $table }] { $account }: the gateway is out of reach: { $detail }. Check host, port, the network and the firewall
error-login-busy = [{ $table }] { $account }: the gateway is busy, or the account has all its connections. Try again later; if Mingluo runs, it holds them
error-config-port = { $field } = "{ $value }": { $kind ->
    [in-use] the port is in use. End the program that uses it, or choose another
    [denied] no permission. Use a port above 1024, or grant it
    [not-ours] this machine has no such address. Use one that it has, like 127.0.0.1 or 0.0.0.0
   *[other] nobody can listen there ({ $cause }). Choose another
  }.
error-config-socket = { $field } = "{ $value }": { $kind ->
    [in-use] a signer runs on this socket already. No second one is needed; to replace it, stop the first, or give another path
    [denied] no right to make a socket in this folder. Give another path, or the right
    [no-folder] its folder does not exist. Make it, or give another path
   *[other] cannot listen there ({ $cause }). Give another path
  }.
error-config-password = { $field } = "{ $value }": the password is too short. Put at least { $least } characters on the file's first line.
error-user-login = { $field } = "{ $value }" is no sign-in name. Use 1 to { $most } of letters, digits, dot, underscore and hyphen, like li.ming.
error-user-no-officer = { $field } = "{ $value }": there is no such officer. mingluo user list shows the sign-in names.
error-config-account = [{ $table }] { $key } = "{ $value }": { $fix }.
error-config-public = { $field } = "{ $value }": give the address at which others reach this program, like https://warn.fushun.example, without a slash at its end; http for this machine only.
error-config-speech-command = { $field } = "{ $value }": the engine's command is not whole. Give the program and its words, { "{" }wav{ "}" } among them for the file that it writes, like ["espeak-ng", "--stdin", "-w", "{ "{" }wav{ "}" }"].
error-config-speech-url = { $field } = "{ $value }" is no address of a speech service. Use http://host:port/path.
error-config-speech-time = { $field } = "{ $value }" is out of range. Give 1 to 60 (seconds).
error-config-speech-one = { $field } = "{ $value }": there is a command as well, and only one of the two can speak. Drop the other.
error-config-readings = { $field } = "{ $value }": { $detail }. Mend that line; the form is 浑江 hun2 jiang1.
error-speech-run = The speech engine { $program } cannot be run ({ $kind ->
    [not-found] there is no such program
    [denied] no right to
   *[other] the system refuses
}). Check speech.command, or install the program.
error-speech-failed = The speech engine { $program } failed ({ $status }). Try speech.command on the command line.
error-speech-service = The speech service gave no speech ({ $detail }). Check speech.url and the service.
error-speech-late = The speech engine took longer than { $limit } s. Check the engine, or raise speech.within_s.
error-speech-wav = What the speech engine gave is no 16-bit WAV ({ $detail }). Check the engine's output.
error-speech-silent = The speech engine gave silence. Check its voice and language.
error-speech-long = The speech engine gave { $seconds } s, at most { $most } s. Shorten the text, or check the engine.
error-speech-codec = The speech cannot be packed ({ $detail }). Tell whoever maintains this program.
error-speech-store = The database failed, and the speech was not kept. Check the database.
error-speech-stopped = The making was broken off. Try again.
error-config-pack = region.pack: { $path }: { $detail }. Mend that line, or use a whole pack.
error-config-rank = { $field } = "{ $value }" is no turn. Give 1 to { $most }; 1 goes first.
error-config-mixed-pretend = { $field } = "{ $value }": { $pretend } is pretend and { $real } is real, and one would send for the other when it is down. Make all SMS accounts of the mode real, or all pretend.
error-config-equal-rank = { $field } = "{ $value }": the accounts { $account } and { $other } would both be next for { $carrier ->
    [any] numbers that no other account takes
   *[other] numbers of { $carrier }
  }. Give one of them another rank (1 goes first), or carriers of its own.
error-config-no-carrier = { $field }: no SMS account takes numbers of { $carriers }. Add these to the carriers of an account, or have one account without carriers: it takes what no other takes.
error-config-no-such-account = { $field } = "{ $value }" is no SMS account. Use one of: { $known }.
error-config-no-default = { $field } is missing: nobody takes numbers of no known carrier. Name the account that does: { $known }.
error-config-ported = routing.ported_file: { $path }: { $detail }. Mend that row; the columns are number,carrier.
error-config-ported-in-vain = routing.ported_file = "{ $value }": no account names carriers, so that nobody asks whose network a number is in. Give the SMS accounts carriers = [...], or take the line out.
error-routing-alone = { $account } is alone for { $en }: while its gateway cannot be reached, none of these people gets a text. Add another account for these numbers, or one without carriers, which takes over from all.
error-config-ring = store.keys_file: { $detail }.
error-config-no-schema = store.address = "{ $address }": the database is not there yet. Run mingluo migrate first.
error-config-schema = store.address = "{ $address }": { $detail }.
error-config-store-address = store.address: { $detail }.
error-config-store = store.address = "{ $address }": the database cannot be opened ({ $detail }). Check path and rights, or whether the server runs.

# Rosters.
error-roster-not-utf8 = The file is not UTF-8; it looks like { $looks ->
    [gb18030] GB 18030 (GBK). Add --encoding gb18030, or save it as "CSV UTF-8"
    [utf-16] UTF-16. Add --encoding utf-16, or save it as "CSV UTF-8"
   *[other] an Excel workbook. Save it as "CSV UTF-8"
  }.
error-roster-bad-header = Line 1 ("{ $found }") is not the header of a roster. Write region,groups,sms,wechat,email,speaker, and wecom,robot if you like, in any order, with commas.
error-roster-unreadable = Reading broke off ({ $cause }); nothing was imported. Check the file and try again.
error-row-column-count = Line { $line } has { $found } columns instead of { $wanted }. Give one field for each column of the header.
error-row-too-long = Line { $line } is longer than { $most } bytes. Give each person a line of their own.
error-row-not-utf8 = Line { $line }, { $field } "{ $value }": cannot be read. Save the file as UTF-8; for GBK add --encoding gb18030.
error-row-unknown-region = Line { $line }, { $field } "{ $value }" is not in the division list. Give the 12-digit code of a village or community.
error-row-not-a-village = Line { $line }, { $field } "{ $value }" is a division above the villages. Give the 12-digit code of a village or community in it.
error-row-other-code-system = Line { $line }, { $field } "{ $value }" is a civil-affairs code ({ $name }). Give a village or community inside { $nbs }.
error-row-unknown-group = Line { $line }, { $field } "{ $value }" is no group. Give names out of groups.csv, separated by |.
error-row-bad-phone = Line { $line }, { $field } "{ $value }" is no mobile number. Give eleven digits that start with 13 to 19, with or without +86.
error-row-bad-open-id = Line { $line }, { $field } "{ $value }" is no open id. Give it as the service account reports it, 6 to 64 characters.
error-row-bad-user-id = Line { $line }, { $field } "{ $value }" is no WeCom UserID. Give the account as the admin console shows it: a letter or digit first, then letters, digits and _-@., at most 64.
error-row-bad-robot = Line { $line }, { $field } "{ $value }" is no robot's name. Give a name out of key_files in the configuration (letters, digits, -, _), not its key or address.
error-row-bad-mailbox = Line { $line }, { $field } "{ $value }" is no mailbox. Give one such as name@example.cn.
error-row-bad-speaker-code = Line { $line }, { $field } "{ $value }" is no speaker code. Give the 23 digits of the box's resource code.
error-row-no-address = Line { $line } has no address. Give at least one of sms, wechat, email, speaker, wecom, robot.
error-row-repeated = Line { $line }, { $field } "{ $value }" is the same as on line { $first }: its owner would get everything twice. An address stands in one row only: delete one of the two, or empty this field; several posts of one person go into one row with | between.
error-import-bad-rows = { $rows } rows are wrong. Mend them and try again; to leave them out, add --skip-bad-rows.
error-import-nobody = { $file }: not one row is good. Check the file.
error-import-loses-much = The new roster loses { $lost } (in each township the greatest loss, of recipients, of one channel's addresses or of one group's members, added up): more than a tenth of these in the city or in a county, or all of them in a township; see the table. Check it; if it is meant, add --replace --losing { $lost }.
error-import-loses-the-real = The current roster is a real one and this one is pretend: nobody would be reached by a real account any more, and all { $lost } are lost, even where the table shows the same numbers. If this roster is really real, leave --pretend out; if a pretend one is meant (all accounts are pretend, or it is a demonstration), add --replace --losing { $lost }.
error-import-wrong-number = You typed --losing { $typed }, and { $lost } are lost. Look at the table again; if it is meant, type --losing { $lost }.
error-import-overtaken = Another import or restore came between, after this one was compared; nothing was replaced. Run it again, so that it is compared with the roster that is current now.
error-import-other-mode = Edition { $edition } is of the other mode; nothing was restored. For a drill roster add --mode drill, for a live one --mode live.
error-import-no-edition = There is no edition { $edition }. mingluo import --list shows them.
error-roster-real = The { $mode } roster is a real one and all { $mode } accounts are pretend (pretend = true): nothing can be sent, and a draft is refused. If these people are made up, import the roster again with --pretend; to reach real people, configure real accounts.
error-roster-pretend = The { $mode } roster is a pretend one and all { $mode } accounts are real: nothing can be sent, and a draft is refused. Import the real roster, without --pretend; for a demonstration configure pretend accounts (pretend = true).
error-secret-open = { $field }: the file { $path } has mode { $mode }, others can read it. Run chmod 600 { $path }, and let the user who runs this program own it.
error-config-group = { $field } = "{ $value }": the region pack's groups.csv has no such group. Use one of { $known }.
error-config-call-time = { $field } = "{ $value }" is out of range. Give 1 to { $most } (seconds).
error-config-call-channels = { $field } = "{ $value }": nobody can be asked so. Name at least one of sms, wechat, email and wecom.
error-config-call-key = { $field } = "{ $value }": the key is too short. Put at least { $least } characters on the file's first line, such as od -An -N32 -tx1 /dev/urandom | tr -d ' \n' writes.
