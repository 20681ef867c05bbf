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
  }应为{ $expected }，却是{ $given }。
error-unknown-word = { $place }{ $field } 不能是“{ $value }”。可用的有：{ $known }。
error-bad-value = { $place }{ $field ->
    [top] 内容
   *[other] { $field }
  }的值不能用：{ $prose }。
error-bad-syntax = { $place }{ $form } 语法有误：{ $prose }。
