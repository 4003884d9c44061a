<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

/** dcat/laravel-admin: what a page of the administration put together. */
class DcatAdminCleaner extends ForgettingCleaner
{
    protected $services = [
        'admin.app', 'admin.asset', 'admin.color', 'admin.sections', 'admin.extend', 'admin.extend.update',
        'admin.extend.version', 'admin.navbar', 'admin.menu', 'admin.context', 'admin.setting', 'admin.web-uploader',
        'admin.translator',
    ];
}
