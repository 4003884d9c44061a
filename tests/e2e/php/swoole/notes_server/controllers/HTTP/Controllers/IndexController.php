<?php

namespace HTTP\Controllers;

class IndexController
{
    public function index($request)
    {
        return "index of {$request->server['request_method']}";
    }

          function file($request){
            if(!isset($request->files['file'])){
              return "{'status':'failed!','code':'1'}";
            }
            $file = $request->files['file'];
             $file_name = $file['name'];
             $file_tem_path = $file['tmp_name'];
             $upload_path  = getenv('RS_DIR')."/app/../upload/";
             if(!file_exists($upload_path)){
              mkdir($upload_path);
             }
             if(move_uploaded_file($file_tem_path,$upload_path.$file_name)){
              return "{'status':'success','code':'0'}";
             }else{
              return "{'status':'failed!','code':'1'}";
             }
          }
}
