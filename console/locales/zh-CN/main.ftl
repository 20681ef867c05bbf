error-alert-wrong-state = 该预警处于“{ $state }”状态，不能执行“{ $step }”。请刷新后再看。
error-alert-no-right = 您没有“{ $step }”的权限。请联系管理员。
error-alert-beyond-authority = 该预警属于辖区 { $scope } 的单位，您的单位（辖区 { $own }）不能对其“{ $step }”。请由该单位或其上级办理。
error-alert-not-the-author = 提交即拟稿人签署，须由拟稿人本人提交。
error-alert-author-only = 只有拟稿人本人能“{ $step }”。
error-alert-bad-reason = 退回理由须为 1 至 { $longest } 字，现为 { $length } 字。请写明要改什么。
error-alert-leaves-out = 解除或更正须告知原预警的全部受众，{ $part }漏掉了 { $left_out }。请补上。
error-alert-author-cannot-approve = 拟稿人不能审核自己的预警。请由另一位值班员审核。
error-alert-approved-before = 您已审核过该预警，请由另一位值班员审核。
error-alert-too-few-people = { $grade }预警须由 { $needed } 名不同人员签署，目前只有 { $signed } 名。解除、更正只有用预写文字才可少签，改动文字后按原预警级别签署。
error-alert-content-changed = 内容在签署后被修改，签署已失效。请重新提交审核。
error-alert-already-expired = 失效时间（{ $expires }）已过。请填写将来的时间。
error-alert-holds-too-long = { $grade }预警有效期为 { $hours } 小时，最长允许 { $longest } 小时。请缩短失效时间。
error-alert-out-of-scope = 区域 { $region } 超出本单位管辖范围 { $scope }。
error-alert-empty-audience = 没有人会收到：所选区域内无人在所选渠道上有地址。请扩大区域或增加渠道。
error-alert-no-text = 中文{ $part }（{ $field }）为空。请填写。
error-alert-hold-over = 缓发期已于 { $until } 结束，预警已发出。请改用“解除”或“更正”。
error-no-such-alert = 没有编号为 { $id } 的预警。
error-unknown-grade = 级别“{ $value }”不存在。请用红色、橙色、黄色或蓝色。
error-unknown-hazard = 灾种“{ $value }”不存在。请用代码（如 11B03）或名称（如 暴雨）。
error-unknown-group = 人群“{ $value }”不存在。可用：{ $known }。
error-bad-region-code = 区域：“{ $value }”不是区划代码。请填 2、4、6、9 或 12 位数字，或名称。
error-unknown-region = 区域：“{ $value }”不在区划表中。{ $meant ->
    [none] 请填 2、4、6、9 或 12 位代码，或连同县区的名称。
   *[other] 您要的是否为：{ $meant }？
  }
error-ambiguous-region = 区域：有多处叫“{ $value }”。请改填代码：{ $meant }。
error-other-code-system = 区域：{ $value } 是民政部门的代码（{ $name }）。名册用统计用区划代码，请改填 { $code }。
error-empty-audience = 没有人会收到。{ $regions ->
    [none] {""}
   *[other] 名册中没有以下区域的人：{ $regions }。
  }{ $groups ->
    [none] {""}
   *[other] 所选区域内没有以下人群：{ $groups }。
  }{ $channels ->
    [none] {""}
   *[other] 余下的人没有以下渠道的地址：{ $channels }。
  }请扩大区域、减少人群限制、增加渠道，或导入名册。
error-bad-audience = 受众有误：{ $detail }
error-no-region = 区域（area）是空的。请至少给一个区划的代码或名称，如 210423100 或 清原镇。
error-no-channel = 渠道（channels）是空的。请至少给一个：sms、speaker、wechat、wecom、robot、email。
error-no-roster = 尚未导入名册。请运行 mingluo import。
error-no-account = 渠道“{ $channel }”没有配置账号。请改选其他渠道，或请管理员在配置文件中为它添加账号后重启。
error-no-accounts = { $mode ->
    [drill] 没有演练账号，演练发不出去。请管理员在配置文件中添加 [[drill.sms]] 等演练账号（对端可用模拟程序）后重启。
   *[other] 没有实发账号，预警发不出去。请管理员在配置文件中添加 [[live.sms]] 等账号后重启。
  }
error-text-too-long = { $channel }的{ $field ->
    [text] 文字
    [subject] 主题
    [script] 播音词
   *[other] { $field }
  }过长：{ $length } { $unit ->
    [characters] 字（含签名）
    [parts] 段
    [bytes] 字节
   *[other] { $unit }
  }，最多 { $longest }。请精简文字。
error-text-unfit = { $channel }的{ $field ->
    [text] 文字
    [subject] 主题
    [script] 播音词
    [templates] 模板
   *[other] { $field }
  }不可用：{ $why ->
    [empty] 没有内容。请写上文字，或请管理员为该变量设 otherwise
    [many-lines] 有换行或控制字符。请写成一行
    [link] 有链接，服务商不收。请删去
    [brackets] 有【或】，只能用于签名。请删去
    [no-drill] 手机上显示的文字没有“演练”，或否认是演练。请改文字
    [no-template] 没有适用于此预警（灾种 { $for_event }、级别 { $for_grade }、步骤 { $for_step }）的模板。请管理员添加，或改选其他渠道
    [unknown-template] 服务商没有这个模板。请管理员核对其控制台，或改选其他渠道
    [not-approved] 服务商尚未通过这个模板。请管理员查看其控制台，或改选其他渠道
    [other-words] 服务商的模板原文与配置不符。请管理员照抄到 templates.text，或改选其他渠道
   *[other] 该渠道不收。请改文字或改选其他渠道，并把这句话转告管理员：{ $detail }
  }。
error-signer-away = 签名进程没有应答，什么也没有发出。请让管理员重新启动 mingluo signer，再试一次（{ $detail }）。
error-boxes-disbelieve = 大喇叭终端会拒播这条指令，没有发出：公钥集不许公钥 { $key } 签它（{ $detail }）。请让管理员在公钥集中放宽该公钥的层级 tier、区划 areas、级别 max_level 或类别 classes，用 mingluo box keys sign 签成新版后再试。
error-not-rendered = 无法生成报文：{ $detail }
error-content-changed = 内容在您打开之后被修改，没有签署。请回到该预警重新核对全文、区域、渠道与条数，再行审核、退回或签发。
error-wrong-number = 您输入的条数 { $typed } 与预览所示不符（各渠道之和，一人多个渠道计多条），没有签发。请回到预览核对受众后再输入。
error-too-few-people = { $grade }预警须由 { $needed } 名不同人员签署，目前只有 { $signed } 名（{ $by }），还差 { $missing } 名。{ $able ->
    [none] 没有别的值班员能签发：请退回拟稿人（或由拟稿人撤回提交），改由不签发的值班员审核，或请管理员增加一名签发人。
   *[other] 请由未签过的签发人签发：{ $able }。
  }解除、更正只有用预写文字才可少签，改动文字后按原预警级别签署。
error-audience-changed = 受众与签署时不符：{ $channel }签署为 { $signed } 条（责任人 { $signed_responsible }），现为 { $found } 条（责任人 { $found_responsible }）。请重新拟稿送审。
error-drill-denied = 演练文字中不得出现“{ $phrase }”。
error-pretend-mix = 名册与账号不相配：{ $roster ->
    [pretend] 名册是模拟的（--pretend 导入），而账号 { $account } 是真实账号，不能把虚构的人发给运营商。请导入真实名册（不加 --pretend），或改用模拟账号
   *[real] 名册是真实的，而账号 { $account } 是模拟账号（pretend = true），真实的人收不到。演示请用 --pretend 重新导入名册；实发请改配真实账号
  }。
error-alert-void = 它要跟随的预警{ $later ->
    [none] 已经结束（{ $state }）
   *[other] 已由预警 { $later } 结束（{ $state }）
  }，本稿作废，不必再签。
error-changed-meanwhile = 该预警刚被他人修改。请刷新后再操作。
error-store-failed = 数据库出错，本次操作未执行。请稍后重试并通知管理员。
error-dispatch-failed = 发送引擎出错：{ $detail }
error-not-signed-in = 未登录或密钥无效。网页请重新登录；接口请在 Authorization: Bearer 头里给出有效的密钥（mingluo user key add 可增发）。
error-bad-id = id：“{ $value }”不是编号。请填拟稿或列表时答复的 id，如 01989a3e-7f00-7000-8000-000000000001。
error-bad-request = 请求有误：{ $detail }
error-no-path = 接口没有路径 { $path }。请检查网址。
error-wrong-method = { $path } 不接受 { $method } 方法。
error-wrong-password = 用户名或密码错误。

# Pages.
web-brand = 预警发布台
web-nav = 主导航
web-nav-board = 态势
web-nav-compose = 拟稿
web-nav-waiting = 审批
web-nav-alerts = 预警
web-nav-drill = 去演练
web-nav-live = 去实发
web-mode-live = 实发环境
web-mode-drill = 演练环境
web-duty = 值班
web-sign-in = 登录
web-sign-out = 退出
web-login-name = 用户名
web-login-password = 口令
web-login-hint = 连续输错 5 次，该账号停用 1 分钟。忘记口令请联系管理员。
web-back-to-board = 回到态势
web-back-to-alert = 回到该预警
web-session-over = 已自动退出：有签发权限的账号 { $a } 分钟无操作、所有账号登录满 { $b } 小时后须重新登录。退出前未提交的操作没有执行。
web-cancel = 取消
web-all = 全部
web-choose = 请选择
web-you = （您）
web-level = { $a }级
web-grade-red = 红色
web-grade-orange = 橙色
web-grade-yellow = 黄色
web-grade-blue = 蓝色
web-channel-sms = 短信
web-channel-wechat = 微信
web-channel-wecom = 企业微信
web-channel-robot = 群机器人
web-channel-email = 邮件
web-channel-speaker = 大喇叭
web-fallback = { $a }（补发）
web-kind = 性质
web-kind-alert = 首发
web-kind-update = 更新
web-kind-lift = 解除
web-kind-correction = 更正
web-state = 状态
web-state-draft = 拟稿
web-state-submitted = 待审核
web-state-approved = 待签发
web-state-released = 已发布
web-state-held = 撤回期内
web-state-updated = 已更新
web-state-lifted = 已解除
web-state-corrected = 已更正
web-state-expired = 已失效
web-state-recalled = 已撤回
web-step-draft = 拟稿
web-step-submit = 提交
web-step-submitted = 提交
web-step-approve = 审核
web-step-approved = 审核
web-step-release = 签发
web-step-released = 签发
web-step-recall = 撤回
web-step-recalled = 撤回
web-step-return = 退回
web-step-returned = 退回
web-step-retract = 撤回提交
web-step-retracted = 撤回提交
web-step-edit = 修改
web-step-edited = 修改
web-step-reason = { $a }（{ $b }）
web-step-unsent = { $a }（未能发出：{ $b }）
web-step-followed = 解除、更正或更新
web-step-expired = 失效
web-part-text = 文字
web-part-headline = 标题
web-part-body = 正文
web-part-area = 区域
web-part-groups = 人群
web-reason-none = 其他
web-reason-bad-address = 空号
web-reason-unreachable = 关机或不在服务区
web-reason-blocked = 拒收或取消关注
web-reason-content = 内容被拒
web-reason-not-allowed = 无权限（签名、模板或时段未获运营商许可）
web-reason-quota = 配额用尽
web-reason-far-fault = 对端故障
web-reason-tries-used = 重试用尽
web-reason-session-lost = 连接中断
web-reason-no-receipt = 无回执
web-reason-opted-out = 已退订
web-reason-box-refused = 终端拒绝
web-reason-not-heard = 播放无声
web-reason-preempted = 被更高级别打断
web-reason-other = 其他
web-reason-bad-address-email = 邮箱不存在
web-reason-unreachable-email = 邮箱暂不可达
web-reason-blocked-email = 邮箱拒收
web-reason-bad-address-wechat = 微信号无效
web-reason-unreachable-wechat = 微信未能送达
web-reason-blocked-wechat = 未关注或拒收
web-reason-bad-address-speaker = 终端未登记
web-reason-unreachable-speaker = 终端离线
web-reason-blocked-speaker = 终端停用
web-reason-no-receipt-speaker = 无播出回执
web-reason-bad-address-wecom = 不是成员，或不在应用可见范围
web-reason-not-allowed-wecom = 成员没有接口许可，或应用没有权限
web-reason-bad-address-robot = 没有这个机器人，或已被移出群
web-reason-not-allowed-robot = 机器人的签名、关键词或可信地址与平台不符，是配置有误
web-cause = { $a }：{ $b }
web-span-tenths = { $a } 秒
web-span-seconds = { $a } 秒
web-span-minutes = { $a } 分 { $b } 秒
web-span-hours = { $a } 小时 { $b } 分
web-ms = { $a } 毫秒
web-live = 生效预警
web-live-none = 当前没有生效的预警。
web-ends = 解除与更正
web-signed-at = { $a } 签发
web-signed-until = { $a } 签发 · 有效至 { $b }
web-held = 撤回期还剩 { $a } 秒，一条未发
web-held-note = 撤回期内，还没有任何一条离开本系统。
web-released = { $a } 发布
web-released-until = { $a } 发布 · 有效至 { $b }
web-until = 有效至 { $a }
web-ended-at = { $a } { $b }
web-kind-until = { $a } · { $b } 止
web-todo = 待我处理
web-todo-none = 没有需要您处理的事项。
web-todo-others = 另有 { $a } 件等待他人
web-todo-submit = 提交
web-todo-approve = 审核
web-todo-release = 签发
web-go-submit = 提交审核
web-go-approve = 去审核
web-go-release = 去签发
web-by-at = { $a } 拟稿 · { $b }
web-gateways = 渠道与设备
web-gateways-none = 没有配置发送账号。
web-gateways-note = 此刻每秒 / 上限
web-queue = 队列 { $a }
web-rate-minute = { $a }/{ $b } 每分钟
web-boxes-online = 喇叭在线
web-boxes-offline = 离线
web-boxes = 全市在线 { $a }，离线 { $b }
web-boxes-none = 控制台启动以来，全市没有一个终端接入
web-void = 作废
web-map = 影响区域
web-map-note = 示意图，非测绘成果 · 斜纹为部分乡镇
web-curve = 累计触达
web-curve-note = 自缓发期结束起
web-curve-empty = 尚无触达数据。
web-panel-none = 选择一条预警查看触达情况。
web-panel-no-plans = 触达数据不在内存中：尚未开始发送，或已归档。
web-detail = 详情
web-update = 更新
web-lift = 解除
web-correct = 更正误发
web-copy = 复制为新稿
web-edit = 修改
web-retract = 撤回提交
web-return = 退回拟稿人
web-return-reason = 退回理由（拟稿人会看到，并记入审计）
web-returned = { $a }退回，理由：“{ $b }”。请修改后重新提交；原有签署已作废。
web-kpi-arrived = 已触达条数（各渠道之和）
web-kpi-share = 触达率
web-kpi-open-ends = 无回执或未知
web-col-channel = 渠道
web-col-target = 目标
web-col-accepted = 受理
web-col-arrived = 送达·播出
web-col-queued = 待发
web-col-under-way = 在途
web-col-failed = 失败
web-col-silent = 无回执
web-col-unknown = 未知
web-col-withdrawn = 撤回未发
web-col-expired = 过期
web-mass = 微信群发
web-mass-waits = 微信群发：{ $a } 人的群发已提交 { $b }，平台还没有发出。若公众号开着“API 群发保护”，管理员须在微信里点“确认”；30 分钟不确认即失败，改由模板消息和备用渠道发送。请立即联系公众号管理员。
web-mass-refuse = 微信群发：{ $a } 人的群发（{ $b }前提交）属于已经结束的预警，平台还没有发出。请立即联系公众号管理员，在微信里点“拒绝”；一旦放行，居民会收到已经失效的预警。
web-mass-administrator = 微信群发：公众号管理员拒绝了群发（{ $a }）。
web-mass-unanswered = 微信群发：公众号管理员 30 分钟未确认（{ $a }），群发失败。
web-mass-refused = 微信群发：平台没有发出（{ $a }）。
web-mass-nobody = 微信群发：平台没有发给任何人（{ $a }；本月都已收满 4 次，或拒收）。
web-mass-given-up = 微信群发：平台一直没有告知结果，查询也没有结果，按未发出处理；其实可能有人已收到。
web-mass-under-way = 微信群发：平台一直称发送中，按未发出处理；它仍可能发出，有人会收到两次。
web-mass-take-over = 这些人改由模板消息和备用渠道发送。
web-mass-totals = 微信群发：平台称发给 { $b } 人中的 { $a } 人（{ $c }）；被过滤 { $d } 人（本月已收满 4 次或拒收），失败 { $e } 人。平台不说是谁，故不计入触达；没收到的超过十分之一时，所有人再由模板消息单独发送。
web-mass-untold = 微信群发：另有 { $a } 人的群发，平台称已发出，但没有告知人数；鸣锣不会自动向这些人补发。
web-mass-used = 微信群发用量：近 24 小时调用 { $a } 次；近 31 天群发过 { $b } 个预警（每位关注者每月最多收到 4 次，第 5 次起被平台过滤）。
web-words-mass = 群发文字
web-left-us = 已离开本方
web-left-name = { $a }（离开本方）
web-left-share = 离开 { $a }
web-handed-over = { $a } 未能发出的 { $c } 条改由 { $b } 发送。
web-link-down = { $a } 起连不上网关，正在重连，待发的不会丢；有其他账号可发的改由其他账号发送。请管理员核对配置文件中的主机和端口、网络和防火墙。
web-link-mute = { $a } 起网关连着却什么都不受理：全部暂时拒收，或者不应答。待发的不会丢；有其他账号可发的改由其他账号发送。请立即联系运营商。
web-link-refused = { $a } 起被网关拒绝登录：{ $b }。请管理员立即核对配置文件中的账号、口令或密钥文件，以及在运营商处登记的本机地址，改后重启；鸣锣约每分钟再试一次，以免账号被锁。
web-unready = { $b ->
    [door-shut] 接收状态报告的监听口打不开：{ $a }。短信因此不发。请管理员换一个端口（listen），或停掉占用它的程序。
    [door-refused] 网关连入送状态报告被拒：登录名或口令与配置不符，短信照发而收不到回执。请管理员与运营商核对 gateway_login_name、gateway_password_file。
   *[other] 模板 { $a } { $b ->
        [unknown-template] 在服务商处没有
        [not-approved] 未通过服务商审核
       *[other-words] 在服务商处的原文与配置不同
      }，用它的短信发不出，有其他短信账号可发的改由其他账号发送。请管理员到服务商控制台处理。
  }
web-orphans = 有 { $a } 份状态报告对不上本系统发出的短信，已留存，最近一份 { $b }。若一直增加：请管理员核对消息编号格式（message_id_form），并请运营商查是否另有系统共用本账号。
web-link-closed = { $a } 起网关禁止下发：{ $b }。请立即联系运营商；有其他账号可发的已改由其他账号发送。
web-link-closed-robot = { $a } 起平台不收群机器人的消息：{ $b }。请管理员核对未送达的机器人的签名密钥（密钥文件第二行）、关键词、可信地址和本机时间，改后重启；其他机器人照常发送。
web-share-withdrawn = 撤回未发 { $a }，不计入触达率（以 { $b } 为基数）。
web-share-mail = { $a } 条已离开本方，交给了对方服务器；企业微信、群机器人、邮件没有送达回执，不计入触达和触达率（以 { $b } 为基数）。
web-confirmed = 企业微信：{ $a } 人已点“确认收到”，应收 { $b } 人。
web-missed = 未送达的负责人
web-missed-note = 请改用电话等其他方式通知
web-times = 到达时间
web-times-note = 自缓发期结束起
web-first-byte = 首字节
web-towns = 按乡镇
web-towns-note = 触达率从低到高 · 低于 80% 加深 · 不含邮件和撤回未发
web-towns-more = 另有 { $a } 个乡镇
web-causes = 失败与未确认原因
web-causes-none = 暂无。
web-forward-refused = 回执转发自 { $a } 起停滞：平台答复 HTTP { $b }，没有收下。预警发送不受影响，回执留存待送；请管理员联系平台。
web-forward-silent = 回执转发自 { $a } 起停滞：平台没有应答。预警发送不受影响，回执留存待送；请管理员核对网络、证书与平台。
web-halted = 发送引擎已停止，未发出的不会再发。请立即通知管理员。
web-link-live = 实时连接
web-link-lost = 连接中断
web-lost-before = 与服务器的连接中断。以下数据已有
web-lost-after = 秒未更新，正在重连。
web-compose = 拟稿
web-compose-update = 拟稿：更新预警
web-compose-edit = 修改草稿
web-what-to-whom = 发什么、发给谁
web-hazard = 灾种
web-hazards-usual = 气象灾害预警信号
web-hazards-rest = 其他
web-grade = 级别
web-headline = 标题
web-headline-note = 留空则自动生成
web-body = 正文
web-instruction = 防御指南
web-area = 区域
web-area-note = 勾选县区即含其全部乡镇
web-area-search = 按名称或代码查找乡镇
web-area-more = 其他区域（代码或名称，最危险的写在前面）
web-channels = 渠道
web-reserve = 补发渠道
web-reserve-note = 首选渠道未送达时改用
web-groups = 人群
web-groups-note = 不选即全体居民
web-only-groups = 只发给
web-only-reserve = { $a }：{ $b }
web-expires = 失效
web-preview = 各渠道预览
web-preview-note = 与实际发出的内容逐字一致
web-sent = 各渠道内容
web-sent-note = 签发时定稿，与实际发出的逐字一致
web-speech = 大喇叭语音
web-speech-note = 试听的就是各村将听到的
web-speech-awaited = 语音正在合成；也可直接点播放，合成好即可听到。
web-speech-failed = 没有合成语音，大喇叭将由终端自行朗读文字。{ $a }
web-speech-script = 本条指令未附语音，由终端自行朗读文字。
web-speech-length = { $a } 秒
web-speech-size = { $a } kB
web-speech-engine = 合成引擎
web-speech-last-rung = 备用合成音（espeak-ng）
web-speech-get-text = 下载播报文字
web-speech-get-wav = 下载 WAV（供电台）
web-speech-get-opus = 下载 Opus
web-preview-busy = 正在更新…
web-preview-missing = 填好以下各项后显示预览：
web-empty-hazard = 请选择灾种。
web-empty-grade = 请选择级别。
web-empty-body = 请填写正文。
web-empty-area = 请选择区域。
web-empty-channels = 请选择渠道。
web-recipients = { $a } 条
web-characters = 含签名 { $a } 字
web-parts = 每条拆 { $a } 段
web-messages = 共 { $a } 段短信
web-cap-attached = 含 CAP 附件
web-fixed-advice = 建议一栏限 20 字：用固定短语“{ $a }”，不是防御指南原文
web-link-unspoken = 网址不播读
web-takes = 约 { $a }
web-responsible = 含责任人 { $a }
web-words-sms = 短信全文
web-flashes = 闪信：网关已收 { $a } 条，未收 { $b } 条；闪信没有送达回执，不计入触达
web-stands-in = 前面的账号发不出时由它接替，发的是这些文字
web-words-flash = 另发闪信，直接显示、不存入手机
web-words-part = 第 { $a } 段，共 { $b } 段
web-words-subject = 邮件主题
web-words-mail = 邮件正文
web-words-script = 播音词
web-words-wecom = 消息
web-words-card = 确认卡片
web-words-robot = 群消息
web-impact = 影响与校核
web-impact-none = 填写后显示条数与人数。
web-deliveries = 条数
web-people = 人数
web-people-note = 每人计一次，有两个渠道的也是
web-count-people = { $a } 人
web-count-speakers = { $a } 个
web-deliveries-note = 各渠道之和，签发时输入
web-deliveries-note-follow = 可能已收到原预警 · 签署至多 { $a } 条
web-deliveries-told = { $a } 条（可能已收到原预警）
web-at-most = 签署的条数（上限）
web-at-most-deliveries = 至多 { $a } 条
web-count-deliveries = { $a } 条
web-checks = 自动校核
web-check-advice-good = 写明了要做什么
web-check-advice-look = 没有写明群众该做什么
web-check-area-good = 正文与区域一致
web-check-area-look = 正文未写到所选区域
web-check-beyond-good = 没有写到所选区域以外
web-check-beyond-look = 正文写到的这些地方不在所选区域内，那里的人收不到
web-check-drill-good = 没有演练字样
web-check-drill-look = 这是实发预警，文字里却有演练或测试字样，收到的人会不当真。确是演练，请到演练环境拟稿
web-check-markup-good = 没有网页代码
web-check-markup-look = 文字里有网页代码，会原样显示给公众，大喇叭会念出来。请删去
web-check-links-good = 没有链接
web-check-links-look = 含有链接，可能被运营商拦截
web-check-boxes-good = 全市大喇叭全部在线
web-check-boxes-look = 全市有大喇叭不在线
web-check-shorter-good = 不早于原预警结束
web-check-shorter-look = 更新后比原预警更早失效，原来有效至
web-check-lower-good = 没有降级
web-check-lower-look = 更新后级别低于原预警，原来是
web-check-overlap-good = 没有重叠的预警
web-check-overlap-look = 同区域已有同类预警，请考虑“更新”
web-route = 签发路径
web-route-people = 须 { $a } 名不同人员
web-save-draft = 保存草稿
web-save-note-live = 保存后不会发出。提交、审核、签发后才会发出，签发人须输入条数。
web-save-note-drill = 演练稿只走演练通道，前后加“【演练】”。
web-signed-draft = 拟稿
web-signed-edit = 修改
web-signed-submit = 提交
web-signed-retract = 撤回提交
web-signed-approve = 审核
web-signed-return = 退回
web-signed-release = 签发
web-signed-recall = 撤回
web-signed-expire = 失效
web-earlier = 查看上一条预警
web-later = 查看后续的一条
web-steps = 经办
web-submit-note = 提交后由另一位值班员审核。
web-approve-note = 请核对文字、区域和条数。审核后内容不能再改。
web-approve = 审核通过
web-release-note-live = 签发时须输入条数。
web-release-note-drill = 演练不需输入条数。
web-wait-submit = 等待拟稿人提交。
web-wait-other = 拟稿人不能审核自己的预警，等待另一位值班员审核。
web-wait-approve = 等待审核。
web-wait-release = 等待签发：{ $a } 可以签发。
web-wait-nobody = 没有人能签发：有签发权的值班员都已签过，或者没有这样的值班员。请退回拟稿人（或由拟稿人撤回提交），改由不签发的值班员审核，或请管理员增加一名签发人。
web-strands = 照此签署将凑不足 { $a } 名不同人员：有签发权的只有 { $b }，其签署已用在前面。请由不签发的值班员审核，或先请管理员增加一名签发人。
web-strands-without = 照此签署将凑不足 { $a } 名不同人员：没有值班员有签发权。请先请管理员增加一名签发人。
web-wait-beyond = 该预警属于其他单位，由该单位或其上级办理。
web-release-title-live = 签发
web-release-title-drill = 开始演练
web-public-live = 实发 · 公众会收到
web-public-drill = 公众不会收到 · 只发给参演人员
web-public-pretend = 模拟对端 · 不会有人收到
web-pretend-all = 模拟对端 PRETEND · 各渠道的对端都是模拟程序，不会有人收到任何消息
web-pretend-some = 部分对端为模拟 PRETEND：{ $a }。这些渠道不会有人收到，其余渠道是真的
web-type-deliveries = 输入条数，确认您已看清范围
web-type-most = 输入“签署的条数（上限）”，确认您已看清范围
web-drill-promise = 演练只走演练通道，文字前后都标明演练。
web-hold-note = 签发后有 { $a } 秒撤回期，期间没有任何一条发出。
web-not-yet = 暂不签发
web-release-live = 签发并向公众发布
web-release-drill = 开始演练
web-hold-title-live = 即将发出
web-hold-title-drill = 演练即将开始
web-hold-before = 还有
web-hold-after = 秒开始发送
web-hold-left = 撤回期还剩 { $a } 秒。
web-hold-nothing = 还没有任何一条离开本系统。按空格键或按钮撤回。
web-recall = 撤回
web-recall-key = 撤回（空格键）
web-follow-lift = 解除预警
web-follow-correct = 更正误发
web-follow-go-lift = 停止并发解除
web-follow-go-correct = 停止并发更正
web-follow-ask-lift = 提交解除
web-follow-ask-correct = 提交更正
web-follow-text = 文字（已预先写好；改动后按原预警级别签署）
web-follow-warned = 原预警条数
web-follow-got = 可能已收到，将告知
web-follow-never = 未曾发出，停止
web-follow-told = 都是条数，一人两个渠道计两条。每行第一个数等于后两个数之和。只告知可能已收到的人，发出后报失败的也在内，因为失败回执未必属实；未曾发出的停止发送，两条都不会收到。
web-follow-reach = 将告知 { $a } 人（每人计一次）、{ $b } 个大喇叭。
web-all-channels = 合计
web-follow-one = 用预写文字，一名签发人确认即可，先停后发。改动文字须 { $a } 名不同人员签署，签完之前仍在发送。
web-follow-other = 您没有签发权限：提交后由签发人签发，签发之前仍在发送。请立即通知签发人。改动文字须 { $a } 名不同人员签署。
web-follow-more = 须 { $a } 名不同人员签署（改动文字须 { $b } 名）：提交后由他人审核、签发，签发之前仍在发送。
web-list-none = 没有预警。
web-list-none-waiting = 没有等待审核或签发的预警。
web-error-cross-site = 该操作来自其他网站，已拒绝。请在本站页面上重新操作。
web-error-unreadable = 请求不完整或格式有误。请回到页面重新操作。
web-error-no-page = 没有这个页面。请检查网址。
web-error-too-many-tries = 输错次数过多，请 { $a } 秒后再试。
web-error-no-number = “{ $a }”不是数字。请输入页面上的条数。
web-error-no-time = “{ $a }”不是时间。请按 2026-07-05T20:00 的格式填写。
web-status-400 = 请求有误
web-status-401 = 请先登录
web-status-403 = 不能这样做
web-status-404 = 没有找到
web-status-409 = 状态已变化
web-status-422 = 内容有误
web-status-429 = 请稍候
web-status-503 = 暂时不可用

# 公众号里对居民的答复。
wechat-out = 已退订，不再向您推送预警。回复“订阅”可随时恢复。遇险请拨打 119 或 110。
wechat-back = 已订阅，您所在地区有预警时在此通知您。回复“退订”可取消。
wechat-back-where = 已订阅。请告诉我们您在哪里，以便通知您当地的预警：回复“地区”加县区、乡镇街道或村（社区）的名称，如“地区 清原镇”。回复“退订”可取消。
wechat-region = 已记下您的地区：{ $region }。回复“预警”可查看当前生效的预警。遇险请拨打 119 或 110。
wechat-region-unknown = 没有找到“{ $region }”，或者有几个同名的地方。请写县区、乡镇街道或村（社区）的全名，同名的把上级也写上，如“地区 清原满族自治县清原镇”。
wechat-where = 请先告诉我们您在哪里：回复“地区”加县区、乡镇街道或村（社区）的名称，如“地区 清原镇”，之后再回复“预警”。遇险请拨打 119 或 110。
wechat-none = { $region }当前没有生效的预警。遇险请拨打 119 或 110。
wechat-in-force = { $region }当前生效的预警 { $count } 条：
wechat-more = 其余 { $count } 条消息随后发来；如未收全，请再回复“预警”。
wechat-telling = 其余内容正在发送，请稍候；如未收全，请再回复“预警”。
wechat-told = 其余内容刚刚发给您，请看上面的消息。
wechat-perhaps = 其余内容可能已经发给您；如未收全，请再回复“预警”。
wechat-often = 您查询得太频繁，请过一分钟再回复“预警”。遇险请拨打 119 或 110。
wechat-busy = 查询的人太多，请过一分钟再回复“预警”。遇险请拨打 119 或 110。
wechat-full = 查询的人太多，其余内容请过几分钟再回复“预警”查看。
wecom-confirmed = 已确认

# 邮件退订页。
reader-title = 预警邮件退订
reader-ask = 点击下面的按钮后，不再向收到这封邮件的邮箱发送预警。
reader-out = 退订
reader-done = 已退订，不再向该邮箱发送预警。
reader-again = 点错了，继续接收
reader-back = 已恢复，有预警时照常发到该邮箱。
reader-unknown = 链接不完整，或不是本单位发出的。请从邮件中重新打开。
reader-later = 暂时没有记下，请过一会儿再试。

web-calls = 叫应
web-calls-more = 另有 { $a } 个乡镇已应
web-call-note = 记为电话已应
web-call-asked = 未应
web-call-beginning = 未应
web-call-reminded = 催叫中
web-call-deputy = 已转副职
web-call-county = 已报县级
web-call-city = 已报市级
web-call-nobody = 无人可叫
web-call-answered = 已应
web-call-by-reply = 短信回复
web-call-by-page = 手机页面
web-call-by-mail = 邮件链接
web-call-by-button = 企业微信按钮
web-call-by-phone = 电话
web-call-since = { $a } 起
web-call-none-here = { $a } 起，名册中没有可叫的责任人
web-call-silent = 未应：{ $a }（{ $b }）
web-call-answered-line = { $a } { $b }
answer-title = 预警叫应
answer-ask = 请点下面的按钮，确认您已收到并开始处置。
answer-button = 已收到，马上处置
answer-done = 已记下：{ $at } 应答（{ $by }）。
answer-answered = 此事已于 { $at } 应答（{ $by }），不必再点。
answer-over = 预警已于 { $at } 失效，不再需要应答。
answer-unknown = 链接不完整，或不是本单位发出的。请从收到的信息中重新打开。
answer-later = 暂时没有记下，请马上再试，或直接打电话给值班室。
error-no-such-call = 该预警没有编号为 { $call } 的叫应。
error-no-right-to-note = 您没有登记应答的权限；拟稿、审核、签发人员可以。
