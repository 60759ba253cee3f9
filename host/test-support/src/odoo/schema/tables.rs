//! The models and their fields, as tables of text: name, kind, what it points to or may be, default, label.
//!
//! Marks on a kind: `!` required, `*` looked up often, `~` computed and not stored, `#` for administrators only,
//! `=` read-only. A line that begins with `@18` or `@19` holds for that version only. Fields whose line has `?` before the
//! label stand in no transcript; `backing::ANALOGIES` says why they are here.

/// `model | label on 18 | label on 19 | order | name field`, then its fields.
pub(super) const TABLES: &str = "
model res.partner | Contact | Contact | name,id desc | name
name              char!   -                     -        Name
active            bool    -                     true     Active
email             char*   -                     -        Email
email_normalized  char*=  -                     -        Normalized Email
phone             char*   -                     -        Phone
phone_sanitized   char*=  -                     -        ?Sanitized Number
@18 mobile        char*   -                     -        ?Mobile
ref               char*   -                     -        Reference
comment           html    -                     -        Notes
company_id        m2o     res.company           -        Company
parent_id         m2o     res.partner           -        Related Company
category_id       m2m     res.partner.category  -        Tags
is_company        bool    -                     false    Is a Company
lang              char    -                     \"en_US\" ?Language
tz                char    -                     -        ?Timezone
user_ids          o2m~    res.users             -        Users
image_1920        bin     -                     -        ?Image
image_128         bin~    -                     -        ?Image 128
avatar_128        bin~    -                     -        ?Avatar 128
partner_share     bool=   -                     true     ?Share Partner

model res.partner.category | Contact Tag | Contact Tag | name,id | name
name              char!   -                     -        Name
active            bool    -                     true     Active

model res.company | Companies | Companies | name,id | name
name              char!   -                     -        Company Name

model res.users | User | User | name,login,id | name
name              char!   -                     -        Name
login             char!*  -                     -        Login
active            bool    -                     true     Active
partner_id        m2o*    res.partner           -        Related Partner
email             char    -                     -        ?Email
tz                char    -                     -        Timezone
lang              char    -                     \"en_US\" Language
company_id        m2o     res.company           1        Company
share             bool    -                     false    ?Share User
@18 groups_id     m2m     res.groups            -        ?Groups
@19 group_ids     m2m     res.groups            -        ?Groups
notification_type sel     email=Handle by Emails,inbox=Handle in Odoo \"email\" ?Notification
avatar_128        bin~    -                     -        ?Avatar 128

model res.groups | Access Groups | Access Groups | name,id | name
name              char!   -                     -        Name
full_name         char=   -                     -        ?Group Name

model crm.lead | Lead/Opportunity | Lead | priority desc,id desc | name
name              char!   -                     -        Opportunity
type              sel!    lead=Lead,opportunity=Opportunity \"opportunity\" Type
active            bool    -                     true     Active
@18 partner_id    m2o*    res.partner           -        Customer
@19 partner_id    m2o*    res.partner           -        Contact
lost_reason_id    m2o     crm.lost.reason       -        ?Lost Reason
contact_name      char    -                     -        Contact Name
email_from        char*   -                     -        Email
phone             char*   -                     -        Phone
description       html    -                     -        Notes
stage_id          m2o*    crm.stage             1        Stage
user_id           m2o     res.users             -        Salesperson
team_id           m2o     crm.team              1        Sales Team
priority          sel     0=Low,1=Medium,2=High,3=Very High \"0\" Priority
probability       float   -                     50.0     Probability
expected_revenue  float   -                     0.0      Expected Revenue
tag_ids           m2m     crm.tag               -        Tags
referred          char*   -                     -        Referred By
date_deadline     date    -                     -        Expected Closing
date_open         datetime= -                   -        Assignment Date

model crm.stage | CRM Stages | CRM Stages | sequence,name,id | name
name              char!   -                     -        Stage Name
sequence          int     -                     1        Sequence
is_won            bool    -                     false    Is Won Stage?
fold              bool    -                     false    Folded in Pipeline

model crm.team | Sales Team | Sales Team | name,id | name
name              char!   -                     -        Sales Team
active            bool    -                     true     Active

model crm.lost.reason | Opp. Lost Reason | Opp. Lost Reason | id | name
name              char!   -                     -        ?Description

model crm.tag | CRM Tag | CRM Tag | id | name
name              char!   -                     -        Tag Name

model project.project | Project | Project | name,id | name
name              char!   -                     -        Name
active            bool    -                     true     Active

model project.task | Task | Task | priority desc,id desc | name
name              char!   -                     -        Title
active            bool    -                     true     Active
project_id        m2o*    project.project       -        Project
stage_id          m2o*    project.task.type     -        Stage
state             sel!    01_in_progress=In Progress,02_changes_requested=Changes Requested,03_approved=Approved,1_done=Done,1_canceled=Cancelled,04_waiting_normal=Waiting \"01_in_progress\" State
user_ids          m2m     res.users             -        Assignees
partner_id        m2o*    res.partner           -        Customer
priority          sel     0=Low,1=High          \"0\"    Priority
date_deadline     datetime -                    -        Deadline
description       html    -                     -        Description
tag_ids           m2m     project.tags          -        Tags
parent_id         m2o     project.task          -        Parent Task
date_last_stage_update datetime= -              -        Last Stage Update

model project.task.type | Task Stage | Task Stage | sequence,id | name
name              char!   -                     -        Name
sequence          int     -                     1        Sequence
fold              bool    -                     false    Folded
project_ids       m2m     project.project       -        Projects

model project.tags | Project Tags | Project Tags | name,id | name
name              char!   -                     -        Name

model helpdesk.ticket | Helpdesk Ticket | Helpdesk Ticket | priority desc,number desc,id desc | name
number            char=*  -                     -        Ticket number
name              char!   -                     -        Title
description       html!   -                     -        Description
active            bool    -                     true     Active
stage_id          m2o*    helpdesk.ticket.stage 1        Stage
partner_id        m2o*    res.partner           -        Contact
partner_name      char    -                     -        Partner Name
partner_email     char*   -                     -        Email
user_id           m2o     res.users             -        Assigned user
team_id           m2o     helpdesk.ticket.team  -        Team
channel_id        m2o     helpdesk.ticket.channel -      Channel
category_id       m2o     helpdesk.ticket.category -     Category
tag_ids           m2m     helpdesk.ticket.tag   -        ?Tags
priority          sel     0=Low,1=Medium,2=High,3=Very High \"1\" Priority
closed            bool=   -                     false    Closed
unattended        bool=   -                     true     Unattended
closed_date       datetime= -                   -        Closed Date
last_stage_update datetime= -                   -        Last Stage Update

model helpdesk.ticket.stage | Helpdesk Ticket Stage | Helpdesk Ticket Stage | sequence,id | name
name              char!   -                     -        Stage Name
sequence          int     -                     1        Sequence
closed            bool    -                     false    Closed
unattended        bool    -                     false    Unattended
fold              bool    -                     false    Folded

model helpdesk.ticket.team | Helpdesk Ticket Team | Helpdesk Ticket Team | id | name
name              char!   -                     -        Name
active            bool    -                     true     ?Active
model helpdesk.ticket.tag | Helpdesk Ticket Tag | Helpdesk Ticket Tag | id | name
name              char!   -                     -        ?Name
model helpdesk.ticket.channel | Helpdesk Ticket Channel | Helpdesk Ticket Channel | id | name
name              char!   -                     -        Name
model helpdesk.ticket.category | Helpdesk Ticket Category | Helpdesk Ticket Category | id | name
name              char!   -                     -        Name

model mail.message | Message | Message | id desc | record_name
date              datetime -                    -        Date
author_id         m2o*    res.partner           -        Author
email_from        char    -                     -        From
message_type      sel!    email=Incoming Email,comment=Comment,email_outgoing=Outgoing Email,notification=System notification,auto_comment=Automated Targeted Notification,user_notification=User Specific Notification \"comment\" Type
subtype_id        m2o     mail.message.subtype  -        Subtype
is_internal       bool    -                     false    Employee Only
model             char    -                     -        Related Document Model
res_id            ref*    -                     -        Related Document ID
record_name       char    -                     -        Message Record Name
subject           char    -                     -        Subject
body              html    -                     \"\"     Contents
preview           char~   -                     -        Preview
parent_id         m2o     mail.message          -        Parent Message
message_id        char*   -                     -        Message-Id
reply_to          char    -                     -        Reply-To
attachment_ids    m2m     ir.attachment         -        Attachments
partner_ids       m2m     res.partner           -        Recipients
notified_partner_ids m2m  res.partner           -        Partners with Need Action
tracking_value_ids o2m~#  mail.tracking.value   -        Tracking values

model mail.message.subtype | Message subtypes | Message subtypes | sequence,id | name
name              char!   -                     -        Message Type
internal          bool    -                     false    Internal Only
res_model         char    -                     -        Model
default           bool    -                     true     Default
sequence          int     -                     1        ?Sequence

model mail.followers | Document Followers | Document Followers | id | id
res_model         char    -                     -        Related Document Model Name
res_id            ref*    -                     -        Related Document ID
partner_id        m2o     res.partner           -        Related Partner
subtype_ids       m2m     mail.message.subtype  -        Subtype

model mail.mail | Outgoing Mails | Outgoing Mails | id desc | subject
subject           char    -                     -        Subject
email_to          text    -                     -        To
recipient_ids     m2m     res.partner           -        To (Partners)
state             sel     outgoing=Outgoing,sent=Sent,exception=Delivery Failed,cancel=Cancelled \"outgoing\" Status
failure_reason    text    -                     -        Failure Reason
mail_message_id   m2o*    mail.message          -        Message

model mail.notification | Message Notifications | Message Notifications | id | id
mail_message_id   m2o*    mail.message          -        Message
res_partner_id    m2o     res.partner           -        Recipient
notification_type sel     inbox=Inbox,email=Email \"email\" Notification Type
notification_status sel   ready=Ready to Send,sent=Delivered,exception=Exception \"ready\" Status
failure_type      sel     mail_smtp=Connection failed -  Failure type

model mail.tracking.value | Mail Tracking Value | Mail Tracking Value | id desc | id
field_id          m2o     ir.model.fields       -        Field
field_info        char    -                     -        Removed field information
old_value_integer int     -                     0        Old Value Integer
old_value_float   float   -                     0.0      Old Value Float
old_value_char    char    -                     -        Old Value Char
old_value_text    text    -                     -        Old Value Text
old_value_datetime datetime -                   -        Old Value DateTime
new_value_integer int     -                     0        New Value Integer
new_value_float   float   -                     0.0      New Value Float
new_value_char    char    -                     -        New Value Char
new_value_text    text    -                     -        New Value Text
new_value_datetime datetime -                   -        New Value Datetime
currency_id       m2o     res.currency          -        Currency
mail_message_id   m2o*    mail.message          -        Message ID
model res.currency | Currency | Currency | id | name
name              char!   -                     -        Currency

model ir.attachment | Attachment | Attachment | id desc | name
name              char!   -                     -        Name
datas             bin~    -                     -        File Content (base64)
raw               bin~    -                     -        File Content (raw)
mimetype          char=   -                     -        Mime Type
file_size         int=    -                     0        File Size
checksum          char=   -                     -        Checksum/SHA1
res_model         char    -                     -        Resource Model
res_id            ref*    -                     -        Resource ID
type              sel     url=URL,binary=File   \"binary\" Type
public            bool    -                     false    Is public document
url               char    -                     -        Url
access_token      char*   -                     -        Access Token
store_fname       char=   -                     -        Stored Filename
description       text    -                     -        ?Description

model ir.model | Models | Models | model,id | name
name              char!   -                     -        ?Model Description
model             char!*  -                     -        ?Model

model ir.model.fields | Fields | Fields | name,id | field_description
name              char!*  -                     -        Field Name
model_id          m2o*    ir.model              -        Model
model             char*=  -                     -        ?Model Name
field_description char    -                     -        Field Label
ttype             sel!    char=char,text=text,html=html,integer=integer,float=float,boolean=boolean,date=date,datetime=datetime,selection=selection,binary=binary,many2one=many2one,one2many=one2many,many2many=many2many,many2one_reference=many2one_reference \"char\" Field Type
index             bool    -                     false    Indexed
copied            bool    -                     true     Copied
state             sel     manual=Custom Field,base=Base Field \"manual\" ?Type

model ir.module.module | Module | Module | name,id | name
name              char!*  -                     -        ?Technical Name
state             sel     uninstalled=Not Installed,installed=Installed,to upgrade=To be upgraded \"uninstalled\" ?Status

model res.users.apikeys | Users API Keys | Users API Keys | id | name
name              char!   -                     -        ?Description
user_id           m2o*    res.users             -        ?User
expiration_date   datetime -                    -        ?Expiration Date

model ir.model.data | Model Data | Model Data | module,name,id | name
module            char!*  -                     \"\"     Module
name              char!*  -                     -        External Identifier
complete_name     char~   -                     -        Complete ID
model             char!   -                     -        Model Name
res_id            ref*    -                     -        Record ID
noupdate          bool    -                     false    ?Non Updatable

model base.automation | Automation Rule | Automation Rule | name,id | name
name              char!   -                     -        ?Automation Rule Name
active            bool    -                     true     ?Active
model_id          m2o!    ir.model              -        ?Model
model_name        char=   -                     -        ?Model Name
trigger           sel!    on_create=On create,on_write=On update,on_create_or_write=On create and edit,on_unlink=On deletion,on_message_sent=On outgoing message,on_message_received=On incoming message - ?Trigger
trigger_field_ids m2m     ir.model.fields       -        ?Trigger Fields
filter_domain     char    -                     -        ?Apply on
filter_pre_domain char    -                     -        ?Before Update Domain
action_server_ids o2m     ir.actions.server     -        ?Actions
description       html    -                     -        ?Description

model ir.actions.server | Server Action | Server Action | id | name
name              char!   -                     \"Send Webhook Notification\" ?Action Name
model_id          m2o!    ir.model              -        ?Model
model_name        char=   -                     -        ?Model Name
state             sel!    webhook=Send Webhook Notification,code=Execute Code,object_write=Update Record \"webhook\" ?Type
usage             sel     ir_actions_server=Server Action,base_automation=Automation Rule \"ir_actions_server\" ?Usage
webhook_url       char    -                     -        ?Webhook URL
webhook_field_ids m2m     ir.model.fields       -        ?Webhook Fields
base_automation_id m2o*   base.automation       -        ?Automation Rule
code              text    -                     -        ?Python Code
sequence          int     -                     5        ?Sequence
";
