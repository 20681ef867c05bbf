# 格式错误：配置文件、接口、命令行的文件。
error-unknown-field = { $place }不认识 { $field }。{ $known ->
    [none] 这里没有可填的字段。
   *[other] 可用的有：{ $known }。
  }
error-missing-field = { $place }缺少 { $field }。请补上。
error-repeated-field = { $place }{ $field } 写了两次。请只留一处。
error-wrong-type = { $place }{ $field ->
    [top] 内容
   *[other] { $field }
  } 应为{ $expected }，却是{ $given }。
error-unknown-word = { $place }{ $field } 不能是“{ $value }”。可用的有：{ $known }。
error-bad-value = { $place }{ $field ->
    [top] 内容
   *[other] { $field }
  }的值不能用：{ $prose }。
error-bad-syntax = { $place }{ $form } 语法有误：{ $prose }。

# 配置。
error-config-unreadable = { $field }：文件 { $path } 读不了（{ $kind ->
    [not-found] 没有这个文件
    [denied] 没有读取权限
    [not-utf8] 不是 UTF-8 文字
    [directory] 这是一个目录
   *[other] { $cause }
  }）。请核对路径、权限和编码。
error-config-unwritable = { $field }：文件 { $path } 写不了（{ $kind ->
    [exists] 已有这个文件，不覆盖。请换一个文件名，或先移走它
    [not-found] 没有它所在的目录。请先建目录，或换一个路径
    [denied] 没有写入权限。请换一个路径，或授予权限
    [directory] 这是一个目录。请写明文件名
   *[other] { $cause }。请核对路径和磁盘
  }）。未作任何更改。
error-config-zone = { $field } = “{ $value }”：没有这个时区。请填时区库中的名称，如 Asia/Shanghai。
error-config-platform = { $field } = “{ $value }”：不是应急广播平台资源编码。请填 23 位数字。
error-config-key-id = { $field } = “{ $value }”：不是密钥名。请填 1 至 32 个小写字母、数字或连字符，如 city-2026。
error-config-seed = { $field } = “{ $value }”：文件内容不是签名密钥。请放入 32 个随机字节，或其 64 位十六进制；用国密 SM2 时在十六进制前加 sm2:。
error-config-sm2-key = { $field } = “{ $value }”：sm2: 之后不是 SM2 私钥。须为 64 位十六进制，数值在 1 与 n-2 之间；请另做一把。
error-config-without-sm2 = { $field } = “{ $value }”：文件内是 SM2 私钥，而本程序编译时未含 sm2。请用 cargo build --features sm2 重新编译，或改用 Ed25519 私钥。
error-config-hold = { $field } = “{ $value }”：缓发期过长。请填 0 至 { $most }（毫秒，{ $most } 即十分钟）。
error-config-division = { $field } = “{ $value }”：没有这个区划。请用 { $table } 中的代码，如 210423。
error-config-hazard = { $field } = “{ $value }”：没有这个灾种代码。请用 { $table } 中的代码，如 11B03。
error-config-gap = { $field } = “{ $value }”：空位 { "{" }{ $gap }{ "}" } 无内容可填。可用的空位有：{ $known }。
error-config-brace = { $field } = “{ $value }”：有花括号没有合上。请补上右花括号。
error-config-no-template = { $field } = “{ $value }”：配置了微信账号，却没有 [render.wechat] 模板。请加上该表，或去掉账号。
error-config-template = { $field } = “{ $value }”：微信账号没有列出这个模板。请用账号 templates 中的一个：{ $listed }。
error-config-taken-name = { $field } = “{ $value }”：账号名已被 [{ $by }] 使用。请换一个，实发与演练的账号也不能同名。
error-login-refused = [{ $table }] { $account }：网关拒绝登录：{ $detail }。请核对该账号的登录名、口令或密钥文件，以及在运营商处登记的本机地址；不要反复试，以免账号被锁
error-unready = [{ $table }] { $account }：{ $why ->
    [unknown-template] 模板 { $what } 在服务商处没有。请核对编号，或先在其控制台报备；在此之前，用这个模板的短信不会发出
    [not-approved] 模板 { $what } 未通过服务商审核。请在其控制台查看审核意见，改后重新报备；在此之前，用这个模板的短信不会发出
    [other-words] 模板 { $what } 在服务商处的原文与配置不同。请把其控制台中的原文照抄到 templates.text；在此之前，用这个模板的短信不会发出
    [door-shut] 接收状态报告的监听口打不开：{ $what }。请在 listen 中换一个本机地址和端口，或停掉占用它的程序
   *[door-refused] 网关连入送状态报告被拒。请核对 gateway_login_name、gateway_password_file 与给运营商的是否一致
  }
error-login-unreachable = [{ $table }] { $account }：连不上网关：{ $detail }。请核对 host、port、网络和防火墙
error-login-busy = [{ $table }] { $account }：网关忙，或该账号的连接数已满。请稍后再试；若鸣锣正在运行，其连接已占用
error-config-port = { $field } = “{ $value }”：{ $kind ->
    [in-use] 端口已被占用。请停掉占用它的程序，或换一个端口
    [denied] 没有使用该端口的权限。请换 1024 以上的端口，或授予权限
    [not-ours] 本机没有这个地址。请填本机的地址，如 127.0.0.1 或 0.0.0.0
   *[other] 不能监听（{ $cause }）。请换一个地址和端口
  }。
error-config-socket = { $field } = “{ $value }”：{ $kind ->
    [in-use] 已有签名进程在此套接字上运行。不必再启动一个；要换掉它，请先停掉原来的进程，或另填一个路径
    [denied] 没有在该目录建立套接字的权限。请换一个路径，或授予权限
    [no-folder] 没有它所在的目录。请先建目录，或换一个路径
   *[other] 不能监听（{ $cause }）。请换一个路径
  }。
error-config-password = { $field } = “{ $value }”：口令太短。请在该文件第一行放至少 { $least } 个字符。
error-user-login = { $field } = “{ $value }”：不能作登录名。请用 1 至 { $most } 个英文字母、数字、点、下划线或连字符，如 li.ming。
error-user-no-officer = { $field } = “{ $value }”：没有这个值班员。登录名见 mingluo user list。
error-config-account = [{ $table }] { $key } = “{ $value }”不能用。{ $range ->
    [none] { $fault ->
        [nobody] 级别 { $of_grade }、步骤 { $of_step } 没有模板可用。请为它加一个不写 events 的模板；events、grades、steps 都不写的模板适用于全部
        [code] 请填服务商控制台显示的模板编号
        [code-number] 腾讯云的模板编号是数字，如 1234567
        [drill] 演练模板必须写明“演练”且不得否认：请用含“演练”的模板，或在变量中用 { $marked }，并让 otherwise 也写明“演练”
        [word] { $list } 中不能有“{ $stray }”。可用的有：{ $known }
        [unclosed] text 中有变量缺右花括号
        [no-words] text 全是变量，服务商不会通过。请用已通过的模板原文
        [brackets] text 中不要写【】，签名由服务商自己加
        [number] text 中的变量 { $name } 应为 { $next }。请从 1 起依次编号
        [name] text 中的变量名“{ $name }”不可用。请用字母开头的字母、数字、下划线
        [twice] text 中的变量 { $name } 写了两次。请只用一次
        [stray] variables 中的 { $name } 不在 text 里。请删去
        [unfilled] text 中的变量 { $name } 没有写在 variables 里。请写明用什么填
        [longest] 变量 { $name } 的 longest = { $longest }。请填控制台规定的 1 至 500
        [gap] 变量 { $name } 的 words 有误（{ $fix }）。可用的空位见 deploy/mingluo.toml
        [too-long] 变量 { $name } 的 words 自身就超过 { $longest } 字。请缩短
        [empty] 变量 { $name } 的 words 是空的。请写明用什么填
        [otherwise] 变量 { $name } 的 otherwise 须有 1 至 { $longest } 个字
        [total] 变量填满时共 { $total } 字，服务商最多收 { $most } 字。请缩短变量的 longest，或改用短些的模板
        [window] 请填至少 { $least }：一条短信的各段都要放得下，设了 flash 时再加一条闪信
        [no-gsm7] 此协议没有 GSM 7 位编码。请填 ascii 或 ucs2
        [sender-name] source_ton = 5 表示以名称为发送方：请填 1 至 11 个英文字母、数字、空格或 - . &；若是接入码，请改 source_ton
        [file-unread] 这个文件读不了（{ $kind_of_fault ->
            [not-found] 没有这个文件
            [denied] 没有读取权限
            [directory] 这是一个目录
            [not-utf8] 不是 UTF-8 文字
           *[other] { $cause }
          }）。请核对路径和权限
        [secret-empty] 文件的第一行是空的。请把密钥或口令放在第一行
        [robot-token] 文件的第一行不是机器人的密钥。请只放 Webhook 地址末尾的那一段：企业微信在 key= 之后，钉钉在 access_token= 之后，飞书在 hook/ 之后
        [robot-secret] 文件的第二行没有签名密钥。请在机器人的安全设置中打开“加签”（钉钉）或“签名校验”（飞书），把密钥放在第二行；没有签名的机器人不予使用
        [secret-long] 密钥或口令有 { $length } 个字节，协议连同结尾最多收 { $most } 个。请核对是否填错了文件
        [secret-ascii] 密钥或口令中有英文字符以外的字符。请核对是否填错了文件
        [pretend-base] pretend = true 时须写明模拟程序的地址，只能在本机，如 api_base = "http://127.0.0.1:端口"
        [no-certificate] 文件中没有 PEM 证书。请放入至少一份
        [no-private-key] 文件中没有 PEM 私钥。请放入与 cert_file 配套的私钥
        [pem-damaged] 文件的 PEM 内容已损坏（{ $cause }）。请从生成它的地方重新拷贝
        [tls-unfit] TLS 用不了它（{ $cause }）。请核对证书、私钥和证书机构是否为同一套
        [no-revocation-list] 文件中没有 PEM 吊销列表。请填 mingluo box ca new 生成、mingluo box revoke 更新的 crl.pem
        [no-key-set] 不是根密钥签名的公钥集（{ $cause }）。请填 mingluo box keys sign 生成的文件
        [no-key-set-file] 终端注册时要领取公钥集。请在 speaker 账号中（不是 enrol 中）填写
        [no-root-key] 不是根公钥：有 { $length } 个字节，应为 64 位十六进制。请填 mingluo box root new 生成的 root.pub
        [no-desk] 终端注册要由发证进程签证书。请在 speaker 账号中（不是 enrol 中）填 mingluo box desk 的套接字
        [webhook-name] 请填 1 至 40 个字母、数字、- 或 _，如 media-desk
        [no-gap] 地址和正文里都没有空位 { "{" }{ $gap }{ "}" }。请写在网关要它的地方
       *[other] { $member ->
            [access_key_id] 请填 RAM 用户的 AccessKey ID，如 LTAI5t…
            [access_key_secret_file] 请填密钥文件的路径：文件须能读取，第一行为 AccessKey Secret
            [aes_key_file] 请填消息加解密密钥文件的路径：第一行为{ $kind ->
                [wecom] 企业微信管理后台
               *[other] 公众平台后台
            }的 EncodingAESKey，43 个字符
            [agent_id] 请填应用的 AgentId，如 1000002
            [answers] 须有一条 means = "accepted"；每条 text 中 { "{" }id{ "}" } 至多一次
            [api_base] { $kind ->
                [alibaba] 请填 https://dysmsapi.aliyuncs.com；pretend = true 时只能是本机地址，如 http://127.0.0.1:端口
                [wecom] 请填 https://qyapi.weixin.qq.com；pretend = true 时只能是本机地址，如 http://127.0.0.1:端口
                [robot] 请删去，或填 platform 所写平台的地址：企业微信 https://qyapi.weixin.qq.com，钉钉 https://oapi.dingtalk.com，飞书 https://open.feishu.cn；pretend = true 时只能是本机地址，如 http://127.0.0.1:端口
                [tencent] 请填 https://sms.tencentcloudapi.com；pretend = true 时只能是本机地址，如 http://127.0.0.1:端口
               *[other] 请填 https://api.weixin.qq.com；pretend = true 时只能是本机地址，如 http://127.0.0.1:端口
            }
            [body] GET 没有正文。请删去，或写 method = "POST"
            [callback_token_file] 请填口令文件的路径：文件须能读取，第一行为 16 个以上的字母、数字、- 或 _
            [calls] 无法建立 https 连接（{ $fix }）。请核对本机的 TLS 环境
            [content_type] 请填 application/x-www-form-urlencoded 或 application/json
            [dlr_url] 请让路径以 /callback/sms/账号名/{ "{" }token{ "}" } 结尾，其中不能再有 { "{" }dlr_url{ "}" }
            [receipt-delivered] 请列出表示送达的状态
            [receipt-id] 请填回执中消息编号的参数名
            [receipt-status] 请填回执中状态的参数名
            [regions] 请填区划代码（2、4、6、9 或 12 位数字），如 ["210423"]；不写就是全部区域
            [region] 请填 ap-guangzhou、ap-beijing 或 ap-nanjing
            [sdk_app_id] 请填短信应用的 SdkAppId，如 1400000000
            [root_file] 请填离线根公钥文件 root.pub（mingluo box root new 生成）
            [secret_id] 请填子账号的 SecretId，如 AKID…
            [secret_key_file] 请填密钥文件的路径：文件须能读取，第一行为 SecretKey
            [sign_name] 请只填服务商已通过的签名，不带【】
            [app_id] 请填服务号的 AppID，如 wx0123456789abcdef
            [area_code] 请填网关所在地区号，如 024
            [ca_file] 请填 PEM 证书文件的路径，文件须能读取
            [cert_file] 请填 PEM 证书文件的路径，文件须能读取，且与私钥配套
            [client_ca_file] 请填签发村级终端证书的机构的 PEM 证书
            [client_crl_file] 请填终端证书机构的吊销列表（PEM），即 mingluo box revoke 更新的 crl.pem
            [client_id] 请填网关分配的账号
            [corp_id] { $kind ->
                [wecom] 请填企业 ID（CorpID），如 ww0123456789abcdef
               *[other] 请填 5 位企业代码
            }
            [domain] 请填发件地址的域名，或它所属的上级域名
            [from] 请写成 名称 <name@host.example>，地址只用英文字母数字
            [gateway_login_name] 请填给网关分配的登录名，至多 16 个字符
            [gateway_password_file] 请填口令文件的路径，第一行为口令，至多 16 个字符
            [helo_name] 请填本机的完整域名，如 mail.fushun.example
            [host] 请填主机名或 IP 地址；pretend = true 时只能是 127.0.0.1
            [key_file] 请填 PEM 私钥文件的路径，文件须能读取
            [key_files] 请至少写一个机器人：名称只用字母、数字、- 和 _，其值为密钥文件的路径，文件须能读取，第一行为 Webhook 地址末尾的密钥，钉钉和飞书第二行为签名密钥
            [keyword] 请填机器人安全设置中的自定义关键词，1 至 32 个字，不换行；没有就删去
            [key_set_file] 请填根密钥签名的公钥集文件（mingluo box keys sign 生成）
            [listen] pretend = true 时只能监听 127.0.0.1:端口
            [login_name] 请填网关分配的登录名，至多 16 个字符
            [m_service_id] 请填移动网产品标识，至多 21 个字符
            [msg_src] 请填移动网企业代码，至多 8 个字符
            [mass-name] 请另起一个名字，不与公众号账号同名，如 wechat-mass
            [name] 请给账号起个名字
            [notices] 请只写 templates 里也有的模板编号
            [password_file] 请填口令文件的路径：文件须能读取，第一行为口令，不超过协议允许的长度；邮件账号须同时填 user
            [port] 请填网关的端口
            [relay] 请填邮件服务器的主机名或 IP 地址；pretend = true 时只能是 127.0.0.1
            [reply_to] 请写成 名称 <name@host.example>，地址只用英文字母数字
            [return_to] 请填收退信的邮箱，如 b@bounce.fushun.example：@ 前至多 16 个字符，不含 +
            [secret_file] { $kind ->
                [forward] 请填密钥文件的路径：文件须能读取，第一行为密钥；以 whsec_ 开头的，其后须照抄平台所给的 base64
                [webhook] 请填密钥文件的路径：文件须能读取，第一行为 whsec_ 及 24 至 64 个字节的 base64，可用 echo "whsec_$(openssl rand -base64 32)" 生成
               *[other] 请填密钥文件的路径：文件须能读取，第一行为密钥，不超过协议允许的长度
            }
            [security] 带口令时须用 starttls 或 tls
            [selector] 请填 DKIM 选择符，只用字母、数字、点和连字符；公钥发布在 选择符._domainkey.域名
            [service_id] 请填业务代码，至多 10 个字符
            [service_type] 请填业务类型，至多 10 个字符
            [signature] 请只填备案的签名文字，不带【】，且不能太长
            [source_ton] 请填 0、1、2、3、5（以名称为发送方）或 6
            [source_address] 请填接入码，至多 20 位数字，如 106900012379
            [sp_id] 请填企业代码，如 900001
            [system_id] 请填网关分配的账号，至多 15 个字符
            [system_type] 请填系统类型，至多 12 个字符
            [tag_key_file] 请填密钥文件的路径，第一行为自定的长密钥：退信地址和退订链接靠它防伪，配了 bounces 或 unsubscribe_url 就必须有
            [token_file] 请填回调令牌文件的路径：文件须能读取，第一行为令牌
            [unsubscribe_url] 请填本系统对外的退订地址，如 https://warn.fushun.example/u/
            [user] 请同时填 password_file，或去掉 user
            [utc_offset_minutes] 请填网关当地时间与世界时相差的分钟数，如 480
            [window] 请填不小于 max_parts 的数
            [templates] { $kind ->
                [wechat] 请列出账号中的 1 至 25 个模板编号
               *[other] 请照抄服务商控制台中已通过的模板（{ $fix }）
            }
            [url] { $kind ->
                [forward] 请填对端地址，如 https://platform.example/receipts；http 只能用于本机
                [webhook] 请填订阅方的 https 地址，如 https://desk.example/warnings；pretend = true 时只能是本机地址，可用 http
               *[other] 请填网关地址，如 http://10.0.0.5:13013/cgi-bin/sendsms?to={ "{" }number{ "}" }；pretend = true 时只能是本机地址
            }
           *[other] { $fix }
        }
    }
   *[other] 请填 { $range } 的整数
  }。
error-config-public = { $field } = “{ $value }”不能用。请填外界访问本系统的地址，如 https://warn.fushun.example，末尾不带 /；http 只能用于本机。
error-config-speech-command = { $field } = “{ $value }”：语音引擎命令不全。请写程序及其参数，并用 { "{" }wav{ "}" } 表示它要写入的文件，如 ["espeak-ng", "--stdin", "-w", "{ "{" }wav{ "}" }"]。
error-config-speech-url = { $field } = “{ $value }”：不是语音服务的地址。请填 http://主机:端口/路径。
error-config-speech-time = { $field } = “{ $value }”：超出范围。请填 1 至 60（秒）。
error-config-speech-one = { $field } = “{ $value }”：command 和 url 只能写一个。请去掉另一个。
error-config-readings = { $field } = “{ $value }”：读音表有误：{ $detail }。请改正该行，格式如“浑江 hun2 jiang1”。
error-speech-run = 语音引擎 { $program } 启动不了（{ $kind ->
    [not-found] 没有这个程序
    [denied] 没有权限
   *[other] 系统拒绝
}）。请核对 speech.command，或安装该程序。
error-speech-failed = 语音引擎 { $program } 出错退出（{ $status }）。请在命令行试运行 speech.command。
error-speech-service = 语音服务没有给出语音（{ $detail }）。请核对 speech.url 和该服务。
error-speech-late = 语音引擎超过 { $limit } 秒没有结果。请检查引擎，或调大 speech.within_s。
error-speech-wav = 语音引擎给出的不是 16 位 WAV（{ $detail }）。请核对引擎的输出格式。
error-speech-silent = 语音引擎给出的是静音。请检查引擎的发音人和语言设置。
error-speech-long = 语音引擎给出 { $seconds } 秒语音，最长 { $most } 秒。请缩短文字或检查引擎。
error-speech-codec = 语音压缩出错（{ $detail }）。请联系维护人员。
error-speech-store = 数据库出错，语音没有保存。请检查数据库。
error-speech-stopped = 语音合成被中断。请稍后再试。
error-config-pack = region.pack：{ $path } 有误：{ $detail }。请改正该行，或换用完好的区域包。
error-config-rank = { $field } = “{ $value }”：没有这个次序。请填 1 至 { $most }，1 最先。
error-config-mixed-pretend = { $field } = “{ $value }”：{ $pretend } 是模拟账号，{ $real } 是真实账号，断线时会互相代发。同一环境的短信账号请全用真实的，或全用模拟的。
error-config-equal-rank = { $field } = “{ $value }”：{ $carrier ->
    [any] 其他账号都不收的号码
   *[other] { $carrier }号码
  }由账号 { $account } 和 { $other } 同时轮到，无从取舍。请给其中一个换 rank（1 最先），或各写各的 carriers。
error-config-no-carrier = { $field }：{ $value }的号码没有短信账号可发。请把 { $carriers } 加到某个账号的 carriers 中，或留一个不写 carriers 的账号：它收其他账号都不收的号码。
error-config-no-such-account = { $field } = “{ $value }”：没有这个短信账号。请用其中一个：{ $known }。
error-config-no-default = 缺少 { $field }：号段不明的号码没有账号可发。请填由哪个账号发送：{ $known }。
error-config-ported = routing.ported_file：{ $path } 有误：{ $detail }。请改正该行；两列为 number,carrier。
error-config-ported-in-vain = routing.ported_file = “{ $value }”：没有短信账号写明 carriers，携号转网名单用不上。请给短信账号写 carriers = [...]，或删去此行。
error-routing-alone = { $zh }只有账号 { $account }：其网关断线时，这些人都收不到短信。请再加一个收这些号码的账号，或加一个不写 carriers 的账号，由它接替所有账号。
error-config-ring = store.keys_file：{ $detail }。请每行写“编号 空格 64 位十六进制”，编号用小写字母、数字或连字符。
error-config-no-schema = store.address = “{ $address }”：数据库尚未建立。请先运行 mingluo migrate。
error-config-schema = store.address = “{ $address }”：数据库结构的版本与本程序不同（{ $detail }）。旧则运行 mingluo migrate，新则换用更新的程序。
error-config-store-address = store.address 不能用：{ $detail }。请写成 sqlite:路径 或 postgres://用户@主机/库名。
error-config-store = store.address = “{ $address }”：数据库打不开（{ $detail }）。请核对路径、权限，或数据库服务器是否在运行。

# 名册。
error-roster-not-utf8 = 文件不是 UTF-8，看来是 { $looks ->
    [gb18030] GB 18030（GBK）编码。请加 --encoding gb18030，或另存为“CSV UTF-8”
    [utf-16] UTF-16 编码。请加 --encoding utf-16，或另存为“CSV UTF-8”
   *[other] Excel 工作簿。请在表格软件中另存为“CSV UTF-8”
  }。
error-roster-bad-header = 第 1 行不是名册的列名（“{ $found }”）。请写 region,groups,sms,wechat,email,speaker（另可加 wecom,robot），次序不限，用英文逗号分隔。
error-roster-unreadable = 文件读到中途出错（{ $cause }），没有导入。请核对文件后重来。
error-row-column-count = 第 { $line } 行：有 { $found } 列，应为 { $wanted } 列。请与列名一一对应。
error-row-too-long = 第 { $line } 行：超过 { $most } 字节。请让每行一人、行末换行。
error-row-not-utf8 = 第 { $line } 行 { $field }“{ $value }”：有读不出的字。请把文件另存为 UTF-8；若是 GBK，请加 --encoding gb18030。
error-row-unknown-region = 第 { $line } 行 { $field }“{ $value }”：不在区划表中。请填统计用区划代码表中村、社区的 12 位代码。
error-row-not-a-village = 第 { $line } 行 { $field }“{ $value }”：是上级区划。请填其下村、社区的 12 位代码。
error-row-other-code-system = 第 { $line } 行 { $field }“{ $value }”：这是民政部门对{ $name }的编码。请填 { $nbs } 之下村、社区的代码。
error-row-unknown-group = 第 { $line } 行 { $field }“{ $value }”：没有这个人群。请用 groups.csv 中的名称，多个以 | 分隔。
error-row-bad-phone = 第 { $line } 行 { $field }“{ $value }”：不是手机号。请填 13 至 19 开头的 11 位数字，可带 +86。
error-row-bad-open-id = 第 { $line } 行 { $field }“{ $value }”：不是微信 OpenID。请填服务号给出的 6 至 64 位编号。
error-row-bad-user-id = 第 { $line } 行 { $field }“{ $value }”：不是企业微信 UserID。请填管理后台所示的账号：字母或数字开头，只用字母、数字和 _-@.，至多 64 位。
error-row-bad-robot = 第 { $line } 行 { $field }“{ $value }”：不是机器人名称。请填配置中 key_files 里的名称（字母、数字、-、_），不要填 key 或网址。
error-row-bad-mailbox = 第 { $line } 行 { $field }“{ $value }”：不是邮箱。请填一个邮箱，如 name@example.cn。
error-row-bad-speaker-code = 第 { $line } 行 { $field }“{ $value }”：不是大喇叭编码。请填终端的 23 位资源编码。
error-row-no-address = 第 { $line } 行：没有任何地址。请至少填 sms、wechat、email、speaker、wecom、robot 之一。
error-row-repeated = 第 { $line } 行 { $field }“{ $value }”：与第 { $first } 行相同，此人会收到两次。每个地址只能出现一次：请删去一行，或清空此格；一人多职请写在一行，人群以 | 分隔。
error-import-bad-rows = 有 { $rows } 行有误。请改正后重来；若要略过这些行，请加 --skip-bad-rows。
error-import-nobody = { $file } 没有一行可用。请核对文件。
error-import-loses-much = 新名册比现用的少 { $lost }（逐乡镇取接收人、各渠道、各人群减少数之最大者，再相加）：全市或某县区的接收人、某渠道或某人群减少超过一成，或某乡镇的全部没有了，详见上表。请核对；若确要替换，请加 --replace --losing { $lost }。
error-import-loses-the-real = 现用名册是真实的，要换上的是模拟的（--pretend）：替换之后真实账号发不到任何人，现有的 { $lost } 全部减少，表中数目相同也是如此。若这份名册其实是真实的，请去掉 --pretend；若确要换成模拟名册（现有账号都是模拟的，或只作演示），请加 --replace --losing { $lost }。
error-import-wrong-number = 键入的 --losing { $typed } 与实际减少的 { $lost } 不符。请核对上表；若确要替换，请改为 --losing { $lost }。
error-import-overtaken = 比对之后，另一次导入或退回已先完成，本次没有替换。请重新执行，与现用名册再比对一次。
error-import-other-mode = 名册版本 { $edition } 属于另一模式，没有退回。演练名册请加 --mode drill，实发名册请加 --mode live。
error-import-no-edition = 没有名册版本 { $edition }。请用 mingluo import --list 查看。
error-roster-real = { $mode ->
    [drill] 演练
   *[live] 实发
  }名册是真实的，而该模式的账号都是模拟的（pretend = true）：这样什么也发不出去，拟稿时就会被拒绝。名册是虚构的，请加 --pretend 重新导入；要发给真实的人，请改配真实账号。
error-roster-pretend = { $mode ->
    [drill] 演练
   *[live] 实发
  }名册是模拟的（--pretend），而该模式的账号都是真实的：这样什么也发不出去，拟稿时就会被拒绝。请导入真实名册（不加 --pretend）；只作演示，请改配模拟账号（pretend = true）。
error-secret-open = { $field }：文件 { $path } 的权限是 { $mode }，他人可读。请执行 chmod 600 { $path }，并使其归运行本程序的用户所有。
error-config-group = { $field } = “{ $value }”：区域包 groups.csv 中没有这个人群。可用的有：{ $known }。
error-config-call-time = { $field } = “{ $value }”：超出范围。请填 1 至 { $most }（秒）。
error-config-call-channels = { $field } = “{ $value }”不能用于叫应。请从 sms、wechat、email、wecom 中选填至少一个。
error-config-call-key = { $field } = “{ $value }”：密钥太短。请在该文件第一行放至少 { $least } 个字符，如 od -An -N32 -tx1 /dev/urandom | tr -d ' \n' 的输出。
